"""Refresh: what is kept and may be stale is brought up to date, now or in the background."""
