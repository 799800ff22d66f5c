"""Strategies: where a document is kept, and the objects that keep it true, one folder each."""
