"""What the store teaches: aggregated in SQL, shown as text, HTML, CSV and JSON."""
