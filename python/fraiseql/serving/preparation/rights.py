"""Rights of a request: the outcomes of the declared checks."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from fraiseql.errors import ConfigurationError
from fraiseql.schema import Check
from fraiseql.serving.execution.tracking_proxies import TrackingDict

_OF_REQUEST: Final = frozenset({"db", "request"})
"""Entries of a context that are no result of the context hook."""


class Rights(Protocol):
    """The rights of one request."""

    async def failed(self, checks: Iterable[Check]) -> frozenset[Check]:
        """Return those of ``checks`` that fail.

        Raises:
            Whatever a check raises: the request is not answered then.
        """

    @property
    def lasting(self) -> Mapping[Check, bool]:
        """Outcomes that the result of the context hook alone has decided."""


class _AllRights:
    """The rights of a request that may use everything."""

    async def failed(self, checks: Iterable[Check]) -> frozenset[Check]:  # noqa: ARG002
        """Return no check."""
        return frozenset()

    @property
    def lasting(self) -> Mapping[Check, bool]:
        """Return no outcome."""
        return {}


ALL_RIGHTS: Final[Rights] = _AllRights()
"""For applications without requirements, and for tools."""


class RequestRights:
    """Evaluates each check once for one request, when it is first needed.

    Args:
        context: The context of the request; the checks receive a copy.
        database: Returns the ``db`` of the copy where the context has none.

    Attributes:
        lasting: Outcomes that the result of the context hook alone has decided.
    """

    __slots__ = ("_context", "_database", "_outcomes", "_received", "lasting")

    def __init__(self, context: Mapping[str, Any], database: Callable[[], object]) -> None:
        self._context = context
        self._database = database
        self._received: _Received | None = None
        self._outcomes: dict[Check, bool] = {}
        self.lasting: dict[Check, bool] = {}

    async def failed(self, checks: Iterable[Check]) -> frozenset[Check]:
        """Return those of ``checks`` that fail.

        Raises:
            ConfigurationError: A check returned something else than a bool.
        """
        return frozenset([check for check in checks if not await self._outcome(check)])

    async def _outcome(self, check: Check) -> bool:
        outcome = self._outcomes.get(check)
        if outcome is None:
            if self._received is None:
                self._received = _Received({"db": self._database(), **self._context})
            outcome = self._outcomes[check] = await _evaluated(check, self._received)
            # An earlier check may have told it what it has read.
            if not self._received.of_request:
                self.lasting[check] = outcome
        return outcome


class _Received(TrackingDict):
    """The context that checks receive.

    Attributes:
        of_request: Whether one has read more than the result of the context hook.
    """

    def __init__(self, context: Mapping[str, Any]) -> None:
        super().__init__(context)
        self.of_request = False

    def _read(self, name: Any, value: Any, *, exists: bool) -> Any:
        del exists
        self.of_request = self.of_request or name in _OF_REQUEST
        return value

    def _read_all(self) -> None:
        self.of_request = True


async def _evaluated(check: Check, context: Mapping[str, Any]) -> bool:
    returned: bool | Awaitable[bool] = check(context)
    outcome: object = await returned if inspect.isawaitable(returned) else returned
    if isinstance(outcome, bool):
        return outcome
    name = getattr(check, "__qualname__", repr(check))
    raise ConfigurationError(
        f"The check {name} of requires= returned {type(outcome).__name__}, not a bool.",
        hint="Return True or False.",
    )
