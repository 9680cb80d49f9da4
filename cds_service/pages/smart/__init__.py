"""`/smart/…`: the companion app as pages."""
