"""Checks before the first request: relations, columns, predicates and filters as declared."""
