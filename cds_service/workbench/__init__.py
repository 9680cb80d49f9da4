"""A chart to change by hand: what an EHR would show and send, as pure functions on the request."""
