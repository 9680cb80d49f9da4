"""What talks to the outside; only app.py and cli.py know this room."""
