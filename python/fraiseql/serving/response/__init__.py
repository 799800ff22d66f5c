"""Response: rendered bytes and the errors of fields, as one JSON text."""
