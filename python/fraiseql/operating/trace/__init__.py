"""Costs of operations, statement by statement."""
