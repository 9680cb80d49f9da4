"""SMART App Launch: the companion app as an OAuth client of the EHR's authorization server."""
