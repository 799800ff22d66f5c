"""SQL of the objects that result caches install in a database."""
