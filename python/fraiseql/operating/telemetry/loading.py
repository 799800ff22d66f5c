"""Use of OpenTelemetry, whose API package is an extra."""

from importlib import import_module
from typing import Any

from fraiseql.errors import ConfigurationError
from fraiseql.events import Events
from fraiseql.http.served import Around
from fraiseql.settings import Settings


def telemetry(events: Events, settings: Settings) -> tuple[Events, Around]:
    """Return the receiver of events that makes spans, and the function around requests.

    Args:
        events: Receives all events too.
        settings: Settings of the application.

    Raises:
        ConfigurationError: The API package is not installed.
    """
    try:
        spans: Any = import_module("fraiseql.operating.telemetry.spans")
        requests: Any = import_module("fraiseql.operating.telemetry.requests")
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("opentelemetry"):
            raise
        raise ConfigurationError(
            "otel is on, and the package opentelemetry-api is not installed.",
            hint="Install fraiseql[otel], and an SDK with an exporter.",
        ) from error
    return spans.TelemetryEvents(events, settings), requests.traced_request
