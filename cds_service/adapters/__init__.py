"""What talks to the outside; only `assembly`, app.py and the commands know this room."""
