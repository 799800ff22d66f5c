"""Stored: what stored documents cost and save, measured on a PostgreSQL of its own."""
