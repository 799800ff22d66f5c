"""Examination of a database for known faults."""
