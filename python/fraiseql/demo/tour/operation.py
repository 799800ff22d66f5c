"""Operations of the tour, to be answered or refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class OracleQuery:
    """Plain SQL whose column aliases are paths in the answer (see ``fold``).

    Attributes:
        sql: The statement, written by hand, independent of the framework's.
        parameters: Values for ``$1``, ``$2`` …
    """

    sql: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class TourOperation:
    """An operation and the SQL of its right answer.

    Attributes:
        name: Its name in the report.
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
        name: Its name in the report.
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
