"""Migrations: the desired state, the present state, and the steps between them."""
