"""Metrics of a process and its database, and a dashboard of them."""
