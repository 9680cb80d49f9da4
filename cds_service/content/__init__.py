"""The files that travel with the package: statements, value sets, cards, samples."""
