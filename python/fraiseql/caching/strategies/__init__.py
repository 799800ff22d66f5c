"""Storage strategies, one module or folder each."""
