"""From findings to one recommendation: precedence, open questions, overlays."""
