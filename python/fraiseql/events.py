"""The logger, and the timings of a request."""

import logging
from typing import Final

logger: Final = logging.getLogger("fraiseql")
"""The logger of the package; internal errors are logged with their traceback."""


class Timings:
    """Seconds of the steps of a request; 0.0 for steps that did not run.

    Sent to the client as ``Server-Timing``.
    """

    __slots__ = ("parse", "plan", "render", "sql", "validate")

    def __init__(self) -> None:
        self.parse = 0.0
        self.validate = 0.0
        self.plan = 0.0
        self.sql = 0.0
        self.render = 0.0
