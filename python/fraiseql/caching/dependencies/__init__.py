"""Relations and functions behind queries, and fingerprints of their definitions."""
