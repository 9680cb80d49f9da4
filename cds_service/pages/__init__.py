"""Pages for people: what they share, and one module or folder for each section."""
