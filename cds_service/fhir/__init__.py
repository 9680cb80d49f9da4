"""The parts of FHIR R4 the criteria read: resources, references, dates, units."""
