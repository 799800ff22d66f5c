"""Advice: changes of storage that make traced operations faster."""
