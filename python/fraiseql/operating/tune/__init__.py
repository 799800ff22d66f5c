"""``fraiseql tune``: settings of the server, proposed, applied and undone."""
