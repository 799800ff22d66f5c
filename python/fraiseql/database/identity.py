"""Who a statement runs as: the role and the session variables that a request brings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from fraiseql.errors import InputError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)+")


@dataclass(frozen=True, slots=True)
class Identity:
    """A role and session variables, as row-level security policies read them.

    A variable that a request does not set reads as NULL or as the empty string: PostgreSQL keeps an
    empty placeholder once a connection has known the name. Write policies with
    ``nullif(current_setting('app.tenant', true), '')``.

    Args:
        role: Role that statements run as; None for the role of the connection.
        variables: Pairs of name and value; a name has a dot, ``app.tenant``.

    Raises:
        InputError: A name cannot be a session variable, a name is given twice, a text holds a NUL
            character, or the role is ``none``, which PostgreSQL takes for the connection's own.
    """

    role: str | None = None
    variables: tuple[tuple[str, str], ...] = ()

    NONE: ClassVar[Self]
    """Nothing set: statements run as the connection was made, at no cost."""

    def __post_init__(self) -> None:
        if self.role is not None:
            _check_text("The role", self.role)
            if not self.role:
                raise InputError("The role is empty.", hint="Give None for the connection's own.")
            if self.role == "none":
                raise InputError(
                    "The role is 'none', by which PostgreSQL means the connection's own.",
                    hint="Give the name of a role, or None for the connection's own.",
                )
        names = set()
        for name, value in self.variables:
            if not _VARIABLE.fullmatch(name):
                raise InputError(
                    f"{name!r} cannot be a session variable.",
                    hint="Write a prefix, a dot and a name, such as 'app.tenant'.",
                )
            if name.lower() in names:
                raise InputError(f"The session variable {name!r} is given twice.")
            names.add(name.lower())
            _check_text(f"The session variable {name!r}", value)

    @classmethod
    def of(cls, role: str | None, variables: Mapping[str, str]) -> Self:
        """Make an identity from a context's ``role`` and ``session``; order does not matter."""
        if role is None and not variables:
            return cls.NONE
        return cls(role, tuple(sorted(variables.items())))


Identity.NONE = Identity()


def _check_text(what: str, value: object) -> None:
    if not isinstance(value, str):
        raise InputError(f"{what} is a {type(value).__name__}, not a text.", hint="Give a str.")
    if "\0" in value:
        raise InputError(f"{what} holds a NUL character, which PostgreSQL cannot keep.")
