"""The commands of the console script: each module hangs its own into the parser."""
