"""Benchmarks: data, applications (ours and peers), and the runner that measures them."""
