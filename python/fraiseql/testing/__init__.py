"""Testing: call an application from a test, without a socket."""

from fraiseql.testing.client import Answer, Client

__all__ = ["Answer", "Client"]
