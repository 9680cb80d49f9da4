"""What the record says: evidence, three truth values, time, units, terminology."""
