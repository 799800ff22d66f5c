"""Requests of a trace, with the recorded values of their variables."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from graphql import GraphQLError

from fraiseql.errors import FraiseQLError
from fraiseql.operating.advise.example_requests import example_requests
from fraiseql.operating.trace.samples import ReplayedStatement
from fraiseql.schema import Schema
from fraiseql.serving import Request, RequestError, Service, StatementReport, ValueRef

_LITERALS: Final = "its document has literals, which the trace does not record: use variables"
_RESOLVER: Final = "the trace does not record the arguments of Python functions"


async def replayed_requests(
    service: Service, schema: Schema, documents: Sequence[str], statement: ReplayedStatement
) -> list[Request] | str:
    """Return the requests that run a statement with its recorded parameters, or why there are none.

    Args:
        service: A started application.
        schema: Its declarations.
        documents: Documents of the operations that run the statement.
        statement: The statement.
    """
    reason = "its operation cannot be planned from the trace"
    for document in documents:
        try:
            for example in example_requests(schema.graphql, document):
                reports = (await service.explain(example)).statements
                requests = _requests(example, reports, statement)
                if not isinstance(requests, str):
                    return requests
                reason = requests
        except (GraphQLError, FraiseQLError, RequestError):
            # Values that the trace does not have may be invalid.
            continue
    return reason


def _requests(
    example: Request, reports: Sequence[StatementReport], statement: ReplayedStatement
) -> list[Request] | str:
    report = next((each for each in reports if each.sql == statement.sql), None)
    if report is None:
        # Statements of Python functions are not explained.
        return _RESOLVER if reports or example.variables or statement.types else [example]
    requests = []
    for values in statement.values or ({},):
        variables = deepcopy(dict(example.variables or {}))
        for number, source in enumerate(report.sources, 1):
            if not isinstance(source, ValueRef):
                if source != values.get(str(number)):
                    return _LITERALS
            elif not _put(variables, source, values.get(str(number))):
                return _LITERALS
        requests.append(replace(example, variables=variables))
    return requests


def _put(variables: dict[str, Any], source: ValueRef, value: Any) -> bool:
    """Write a parameter to the variable that it comes from; false if it comes from none."""
    place: Any = variables
    *path, last = (source.name, *source.path)
    try:
        for step in path:
            place = place[step]
        place[last] = _like(place[last], value)
    except (KeyError, IndexError, TypeError, ValueError):
        return False
    return True


def _like(example: Any, value: Any) -> Any:
    """Return a value in the form of an example: those of statistics are texts."""
    if not isinstance(value, str) or isinstance(example, str):
        return value
    if isinstance(example, bool):
        return value in ("t", "true")
    return type(example)(value) if isinstance(example, int | float) else value
