"""Test client of an application, without a socket."""

from fraiseql.testing.client import Answer, Client

__all__ = ["Answer", "Client"]
