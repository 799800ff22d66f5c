"""Bearer tokens: verified claims as the context of a request."""
