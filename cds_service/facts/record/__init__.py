"""The resources of one patient, read into entries."""
