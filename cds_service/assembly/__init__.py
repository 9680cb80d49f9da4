"""What `create_app` and the commands put together from settings; each function builds one thing."""
