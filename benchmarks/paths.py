"""Directories and files of the benchmark."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
CACHE = HERE / ".cache"
"""Data directory, environment and quick results; not committed."""
RESULTS = HERE / "results"
"""Results of full runs; committed."""
PAGE = ROOT / "docs" / "benchmarks.md"
COMPARISON = ROOT / "docs" / "comparison.md"
