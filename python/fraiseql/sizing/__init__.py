"""Sizes of a PostgreSQL server for the machine that it runs on."""
