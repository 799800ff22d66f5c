"""Cost of exact hits from memory, next to reads by key and Redis."""
