"""Declaration of a result cache: a value of ``cache=``."""

from dataclasses import dataclass
from typing import Literal, get_args

from fraiseql.errors import DeclarationError
from fraiseql.schema.durations import seconds_of
from fraiseql.schema.options import check_form

StoreName = Literal["unlogged", "logged", "redis"]


@dataclass(frozen=True, slots=True)
class Cache:
    """The result of a query is cached, and served as long as it equals the live answer.

    Role, session variables and arguments are always part of the key.

    Args:
        ttl: Longest life of an entry, such as ``"5m"`` or seconds; None for as long as it is valid.
        stale: How far an answer may lag behind committed writes, such as ``"2s"``; None: not at
            all. The response then says how far it lags.
        vary: Names of entries of ``info.context`` that the answer depends on, dotted for
            their own entries.
        tags: Relations that a Python resolver reads, in place of recording them;
            ``relation.column={argument}`` for the rows with that value only; any other word is a
            label for ``invalidate``.
        store: ``unlogged`` and ``logged`` are tables of the database, the second one survives a
            crash; ``redis`` is a server that several applications share.
        code_version: A word that you change when the answer changes for a reason that the code of
            the application does not show, such as a file that a function reads.
        shared: Names of entries of ``info.context`` that are the same for every client, such as a
            connection to another service. The answer of a Python function that reads
            anything else of the request is not stored.

    Raises:
        DeclarationError: An interval cannot be read, or there is no such store.
    """

    ttl: str | float | None = None
    stale: str | float | None = None
    vary: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    store: StoreName = "unlogged"
    code_version: str = ""
    shared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_form(self, times=("ttl", "stale"), lists=("vary", "tags", "shared"))
        for option in ("ttl", "stale"):
            value = getattr(self, option)
            if value is not None and seconds(option, value) <= 0:
                raise DeclarationError(f"{option}={value!r} is no time.", hint="Leave it out.")
        for option in ("vary", "shared", "tags"):
            if isinstance(getattr(self, option), str):
                value = getattr(self, option)
                raise DeclarationError(
                    f"{option}={value!r} is one text.", hint=f"Write ({value!r},)."
                )
        if not isinstance(self.code_version, str):
            raise DeclarationError(f"code_version={self.code_version!r} is not a text.")
        if self.store not in get_args(StoreName):
            raise DeclarationError(f"store={self.store!r} is not unlogged, logged or redis.")


def seconds(option: str, value: str | float) -> float:
    """Return an interval in seconds, from a number or a text such as ``"5m"``.

    Raises:
        DeclarationError: It cannot be read.
    """
    return seconds_of(value, of=option) if isinstance(value, str) else float(value)


def checked_cache(label: str, value: object) -> Cache | None:
    """Return the value of ``cache=`` if it is a ``Cache`` or None.

    Args:
        label: The declaration, for the error.
        value: The option's value.

    Raises:
        DeclarationError: It is something else, or the class itself.
    """
    if value is None or isinstance(value, Cache):
        return value
    raise DeclarationError(
        f"{label} has cache={value!r}, which is no Cache.",
        hint='Write cache=fraiseql.Cache(), or cache=fraiseql.Cache(ttl="5m").',
    )
