"""Costs of result caches, compared with Redis and with none."""
