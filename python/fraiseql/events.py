"""What is observed of a request: the timed steps and the logger, named once."""

import logging
from typing import Final

logger: Final = logging.getLogger("fraiseql")
"""The one logger; internal errors go here with their traceback."""


class Timings:
    """Seconds that the steps of one request took; a step that did not run stays 0.0.

    Sent to the client as ``Server-Timing``.
    """

    __slots__ = ("parse", "plan", "render", "sql", "validate")

    def __init__(self) -> None:
        self.parse = 0.0
        self.validate = 0.0
        self.plan = 0.0
        self.sql = 0.0
        self.render = 0.0
