"""PostgreSQL's estimate of the number of rows of a query."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.planning.reads import RelationQuery
from fraiseql.serving.sql import ESTIMATE

Read = Callable[[str, Sequence[Any]], Awaitable[list[Any]]]


class Estimate:
    """Estimates the total of a connection before its statement runs.

    Args:
        query: The query of the connection.
    """

    __slots__ = ("_query",)

    def __init__(self, query: RelationQuery) -> None:
        rows = replace(query, outcome="estimate", connection=None, order=(), limit=None)
        self._query = PreparedQuery(rows, 0)

    @classmethod
    def of(cls, query: RelationQuery) -> Self | None:
        """Return the estimate that a query needs; None for none."""
        estimated = query.connection is not None and query.connection.estimated
        return cls(query) if estimated else None

    async def added(self, values: Mapping[str, Any], read: Read) -> Mapping[str, Any]:
        """Return the values of a request with the estimate.

        Raises:
            FraiseQLError: A value is invalid, or the statement failed.
        """
        query = self._query if self._query.choose is None else self._query.choose(values)
        ((plan,),) = await read(query.text, query.bind(values))
        (root,) = json.loads(plan)
        return {**values, ESTIMATE: round(root["Plan"]["Plan Rows"])}
