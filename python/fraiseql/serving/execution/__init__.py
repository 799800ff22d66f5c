"""Execution of statements and resolvers, concurrently where possible."""
