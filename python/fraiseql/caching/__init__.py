"""Stored documents, indexes and cached results: defined, applied, refreshed and verified."""
