"""Peers: small applications with the same operations and data."""
