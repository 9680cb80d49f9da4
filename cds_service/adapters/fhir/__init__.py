"""Reading from a client's FHIR server what it did not prefetch."""
