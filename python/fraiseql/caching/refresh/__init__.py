"""Refreshes of stored documents, on request or in the background."""
