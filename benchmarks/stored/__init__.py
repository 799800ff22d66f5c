"""Costs and gains of stored documents."""
