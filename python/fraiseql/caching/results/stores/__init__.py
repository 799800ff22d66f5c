"""Stores of cached results, and their registry."""
