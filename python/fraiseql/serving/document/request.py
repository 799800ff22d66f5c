"""GraphQL request, independent of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

NO_VARIABLES: Final[Mapping[str, Any]] = {}
"""Variables of a request without any."""


@dataclass(slots=True)
class Request:
    """One GraphQL request.

    Attributes:
        query: The document's text.
        operation_name: The operation to run; None when the document has only one.
        variables: As decoded from JSON.
        read_only: True for GET: only a query is allowed.
        etags: Digests of responses that the client has: of ``Response.cached``.
        outcomes: Outcomes of the checks that it needs, by their number in ``NativePlans``, if the
            result of the context hook has decided all of them; else None.
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    read_only: bool = False
    etags: tuple[str, ...] = ()
    outcomes: Mapping[int, bool] | None = None
