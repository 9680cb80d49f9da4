"""What was issued and what became of it: SQLite by default, PostgreSQL when outgrown."""
