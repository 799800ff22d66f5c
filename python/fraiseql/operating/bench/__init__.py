"""``fraiseql bench``: published claims about caching in the database, measured."""
