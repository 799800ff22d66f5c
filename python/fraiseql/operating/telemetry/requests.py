"""The trace context of HTTP requests, and their durations."""

from time import perf_counter
from typing import Any, Final

from opentelemetry import context, metrics, propagate

from fraiseql.http.asgi import Receive, Scope, Send
from fraiseql.http.served import Answer
from fraiseql.operating.telemetry.spans import has_sdk

_STATUS: Final = "http.response.status_code"


async def traced_request(scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
    """Answer a request in the trace of its ``traceparent`` header, and record its duration.

    Args:
        scope: The ASGI scope.
        receive: Receives its events.
        send: Sends its response.
        answer: Answers it.
    """
    if not has_sdk():
        await answer(scope, receive, send)
        return
    carrier = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
    attributes: dict[str, Any] = {
        "http.request.method": scope["method"],
        "url.scheme": scope.get("scheme", "http"),
    }

    async def watched(message: Any) -> None:
        if message["type"] == "http.response.start":
            attributes[_STATUS] = message["status"]
        await send(message)

    token = context.attach(propagate.extract(carrier))
    start = perf_counter()
    try:
        await answer(scope, receive, watched)
    finally:
        context.detach(token)
        histogram = metrics.get_meter("fraiseql").create_histogram(
            "http.server.request.duration", "s", "Duration of HTTP server requests."
        )
        histogram.record(perf_counter() - start, attributes)
