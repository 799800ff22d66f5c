"""Benchmarks: data, applications and the runner."""
