"""Context of a request: what the application's hook adds, checked."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, Final

from fraiseql.errors import ConfigurationError
from fraiseql.http.asgi import HttpRequest

ContextHook = Callable[[HttpRequest], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]

_MEANT: Final = ("role", "session")
_NEAR: Final = 0.85


def check_mount(path: object, context: object) -> None:
    """Check where GraphQL is served and what adds to the context.

    Raises:
        ConfigurationError: The path does not begin with a slash, or the hook cannot be called.
    """
    if not isinstance(path, str) or not path.startswith("/"):
        raise ConfigurationError(f"path is {path!r}.", hint='Begin it with a slash: "/graphql".')
    if context is not None and not callable(context):
        raise ConfigurationError(
            f"context is {context!r}, which is not a function.",
            hint="Give a function of the request that returns a mapping.",
        )


async def add_context(hook: ContextHook, context: dict[str, Any]) -> None:
    """Add what the application's hook returns for ``context["request"]``.

    Raises:
        ConfigurationError: It is no mapping, or an entry is taken for a misspelt ``role`` or
            ``session``: the statements would run without them.
    """
    made = hook(context["request"])
    found: Any = await made if inspect.isawaitable(made) else made
    if not isinstance(found, Mapping):
        raise ConfigurationError(
            f"The context hook {_name(hook)} returned {_shown(found)}, not a mapping.",
            hint="Return a dict, {} for a request without entries of its own.",
        )
    mistake = _mistake(frozenset(found))
    if mistake is not None:
        raise ConfigurationError(
            f"The context hook {_name(hook)} returned {mistake[0]!r}, which sets nothing.",
            hint=f"Write {mistake[1]!r}; or return both, {mistake[1]!r} as None, where"
            f" {mistake[0]!r} is meant.",
        )
    session = found.get("session")
    if session is not None and not isinstance(session, Mapping):
        raise ConfigurationError(
            f"The context hook {_name(hook)} returned a session that is {_shown(session)}.",
            hint='Return a mapping of names to texts, such as {"app.tenant": "7"}.',
        )
    context.update(found)


@lru_cache(maxsize=256)
def _mistake(names: frozenset[Any]) -> tuple[str, str] | None:
    """Return an entry that is almost called ``role`` or ``session``, and which of them."""
    for meant in _MEANT:
        for name in sorted(map(str, names)) if meant not in names else ():
            near = SequenceMatcher(None, name.lower().strip("_"), meant).ratio()
            if near >= _NEAR and name not in _MEANT:
                return name, meant
    return None


def _name(hook: object) -> str:
    return getattr(hook, "__qualname__", type(hook).__name__)


def _shown(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
