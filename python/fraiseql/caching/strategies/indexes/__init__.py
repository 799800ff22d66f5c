"""Declared indexes, used by the application's own statements."""
