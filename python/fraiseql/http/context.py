"""Context of a request: checked entries of the application's hook."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, Final

from fraiseql.errors import ConfigurationError, Forbidden, Unauthenticated
from fraiseql.http.asgi import HttpRequest

Entries = Mapping[str, Any] | Unauthenticated | Forbidden
"""Entries of the context, or why the request is refused."""

ContextHook = Callable[[HttpRequest], Entries | Awaitable[Entries]]

_RESERVED: Final = ("role", "session")
_SIMILAR: Final = 0.85


def check_mount(path: object, context: object) -> None:
    """Check the path of GraphQL and the context hook.

    Raises:
        ConfigurationError: The path does not begin with a slash, or the hook is not callable.
    """
    if not isinstance(path, str) or not path.startswith("/"):
        raise ConfigurationError(f"path is {path!r}.", hint='Begin it with a slash: "/graphql".')
    if context is not None and not callable(context):
        raise ConfigurationError(
            f"context is {context!r}, which is not a function.",
            hint="Give a function of the request that returns a mapping.",
        )


async def add_context(hook: ContextHook, context: dict[str, Any]) -> None:
    """Add the entries that the application's hook returns for ``context["request"]``.

    Raises:
        ConfigurationError: The hook returned no mapping, or an entry that looks like a misspelt
            ``role`` or ``session``, without which statements would run.
        Unauthenticated: The hook returned it, as does ``Forbidden``.
    """
    returned = hook(context["request"])
    entries: Any = await returned if inspect.isawaitable(returned) else returned
    if isinstance(entries, Unauthenticated | Forbidden):
        raise entries
    if not isinstance(entries, Mapping):
        raise ConfigurationError(
            f"The context hook {_name(hook)} returned {_shown(entries)}, not a mapping.",
            hint="Return a dict, {} for a request without entries of its own.",
        )
    mistake = _mistake(frozenset(entries))
    if mistake is not None:
        raise ConfigurationError(
            f"The context hook {_name(hook)} returned {mistake[0]!r}, which sets nothing.",
            hint=f"Write {mistake[1]!r}; or return both, {mistake[1]!r} as None, where"
            f" {mistake[0]!r} is meant.",
        )
    session = entries.get("session")
    if session is not None and not isinstance(session, Mapping):
        raise ConfigurationError(
            f"The context hook {_name(hook)} returned a session that is {_shown(session)}.",
            hint='Return a mapping of names to texts, such as {"app.tenant": "7"}.',
        )
    context.update(entries)


@lru_cache(maxsize=256)
def _mistake(names: frozenset[Any]) -> tuple[str, str] | None:
    """Return an entry whose name is almost ``role`` or ``session``, and that name."""
    for meant in _RESERVED:
        for name in sorted(map(str, names)) if meant not in names else ():
            similarity = SequenceMatcher(None, name.lower().strip("_"), meant).ratio()
            if similarity >= _SIMILAR and name not in _RESERVED:
                return name, meant
    return None


def _name(hook: object) -> str:
    return getattr(hook, "__qualname__", type(hook).__name__)


def _shown(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
