"""What talks to the outside: keys of clients, tokens seen. Only app, server and cli know it."""
