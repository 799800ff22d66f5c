"""Checks before the first request: relations, columns, predicates, filters."""
