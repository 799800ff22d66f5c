"""SQL of what result caches install in a database."""
