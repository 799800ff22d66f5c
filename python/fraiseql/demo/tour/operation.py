"""One stop of the tour: an operation that must be answered, or one that must be refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class OracleQuery:
    """Plain SQL whose column aliases say where each value belongs in the answer (see ``fold``).

    Attributes:
        sql: The statement, written by hand; it shares nothing with what the framework writes.
        parameters: Values for ``$1``, ``$2`` …
    """

    sql: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class TourOperation:
    """An operation and the SQL that tells its right answer.

    Attributes:
        name: What a reader of the report sees.
        query: The GraphQL document.
        oracle: Statements whose folded rows together are ``data``.
        variables: As sent, JSON values.
    """

    name: str
    query: str
    oracle: tuple[OracleQuery, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvalidOperation:
    """An operation that must be answered with an error.

    Attributes:
        name: What a reader of the report sees.
        query: The GraphQL document.
        message: Part of the first error's message.
        variables: As sent, JSON values.
        status: The HTTP status that must come back.
    """

    name: str
    query: str
    message: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    status: int = 400
