"""Digests of Python functions and of all that they refer to.

A digest is the same in every process that runs the same code, wherever it is checked out and
whatever ``PYTHONHASHSEED`` says; it holds no address, no path and no line number.
"""

from fraiseql.code_digest.digest import digest_of
from fraiseql.code_digest.ownership import RELEASE, Ownership
from fraiseql.code_digest.walk import CodeDigest

__all__ = ["RELEASE", "CodeDigest", "Ownership", "digest_of"]
