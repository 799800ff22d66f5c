"""Stores of cached results, and what opens them."""
