"""Codes, value sets and the names the criteria use for them."""
