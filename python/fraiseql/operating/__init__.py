"""Commands that examine a database and its operations."""
