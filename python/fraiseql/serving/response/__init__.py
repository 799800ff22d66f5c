"""The response: rendered bytes and errors as one JSON text."""
