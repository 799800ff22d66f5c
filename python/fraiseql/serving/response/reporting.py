"""Reports of requests to the receiver of events."""

from collections.abc import Callable

from fraiseql.events import Events, OperationEvents, RequestEvents, StatementFacts
from fraiseql.results import CacheStatus
from fraiseql.serving.document import Operation
from fraiseql.serving.document.request import Request
from fraiseql.serving.document.without_values import without_values


def operation_events(
    events: Events, operation: Operation, request: Request, facts: Callable[[str], StatementFacts]
) -> OperationEvents:
    """Return the receiver of a plan's requests.

    Args:
        events: Receives the events of the application.
        operation: The operation.
        request: A request of it.
        facts: Returns the facts of a statement of the plan.
    """
    kind = operation.node.operation.value
    return events.operation(operation.name or "", kind, without_values(request.query), facts)


def report_answers(request: RequestEvents, status: CacheStatus) -> None:
    """Report the answers of result caches in a response."""
    for root, result in status.answers.items():
        request.answered(root, result.outcome, len(result.value or b""), result.detail)
