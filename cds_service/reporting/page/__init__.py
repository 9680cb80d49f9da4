"""The report as a page: its template, its words and its drawings."""
