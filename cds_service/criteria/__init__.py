"""The clinical criteria: one pure function for each statement, and the order of precedence."""
