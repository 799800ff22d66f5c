"""Preparation: from a request to a cached plan ready to serve."""
