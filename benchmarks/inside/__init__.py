"""Programs for the benchmark's own environment, which print JSON."""
