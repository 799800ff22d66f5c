"""Peers: one small application a file, each answering the same operations from the same data."""
