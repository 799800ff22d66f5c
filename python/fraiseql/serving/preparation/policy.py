"""Policy: the ``Cache`` of whole operations, set by the application."""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from fraiseql.errors import DeclarationError
from fraiseql.schema.cache import Cache, checked_cache

Policy = Callable[[str | None, str], Cache | None]
"""Returns the ``Cache`` for an operation's name (None: it has none) and its document's text, or
None to cache nothing. It is called once for each document."""

_PREFIX: Final = "sha256:"
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def read_policy(setting: Mapping[str, Cache] | Policy | None) -> Policy | None:
    """Return the policy in an application's ``cached_operations``.

    Args:
        setting: Caches by an operation's name, or by ``sha256:`` and the hexadecimal digest of a
            trusted document's text; or a function; or None.

    Raises:
        DeclarationError: A key or value is invalid.
    """
    if setting is None:
        return None
    if callable(setting):
        return _checked(setting)
    if not isinstance(setting, Mapping):
        raise DeclarationError(
            f"cached_operations={setting!r} is neither a mapping nor a function.",
            hint='Write cached_operations={"Dashboard": fraiseql.Cache()}.',
        )
    caches = {
        _key(key): checked_cache(f"The operation {key!r}", cache) for key, cache in setting.items()
    }

    def look_up(name: str | None, document: str) -> Cache | None:
        digest = sha256(document.encode("utf-8", "surrogatepass")).hexdigest()
        trusted = caches.get(_PREFIX + digest)
        return caches.get(name or "") if trusted is None else trusted

    return look_up


def _checked(policy: Policy) -> Policy:
    def look_up(name: str | None, document: str) -> Cache | None:
        return checked_cache(f"The operation {name!r}", policy(name, document))

    return look_up


def _key(key: object) -> str:
    text = key if isinstance(key, str) else ""
    if text.startswith(_PREFIX) and not _DIGEST.fullmatch(text.removeprefix(_PREFIX)):
        raise DeclarationError(
            f"cached_operations names {text!r}, which is no SHA-256 digest.",
            hint="Write sha256: and the 64 lower-case hexadecimal digits of the document's text.",
        )
    if not text:
        raise DeclarationError(
            f"cached_operations names {key!r}, which is no operation.",
            hint='Write the operation\'s name, or "sha256:…" of a document.',
        )
    return text
