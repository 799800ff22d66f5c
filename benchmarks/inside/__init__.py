"""Inside: what runs in the benchmark's own environment and prints its result as JSON."""
