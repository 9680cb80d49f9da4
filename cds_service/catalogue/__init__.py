"""What the service goes by, gathered for people: one source for the page, the file and docs/criteria.md."""
