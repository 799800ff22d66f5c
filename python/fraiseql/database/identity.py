"""Identity of a request: its role and session variables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from fraiseql.errors import InputError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)+")


@dataclass(frozen=True, slots=True)
class Identity:
    """A role and session variables, for row-level security policies.

    A variable that a request does not set is NULL or empty: PostgreSQL keeps an empty placeholder
    once a connection has set the name. Write policies with
    ``nullif(current_setting('app.tenant', true), '')``.

    Args:
        role: Role of the statements; None for the role of the connection.
        variables: Pairs of name and value; a name contains a dot: ``app.tenant``.

    Raises:
        InputError: A name is invalid or repeated, a text contains a NUL character, or the role is
            ``none``, which PostgreSQL takes for the connection's own.
    """

    role: str | None = None
    variables: tuple[tuple[str, str], ...] = ()

    NONE: ClassVar[Self]
    """No role and no variables: the connection's own, at no cost."""

    def __post_init__(self) -> None:
        if self.role is not None:
            _check_text("The role", self.role)
            if not self.role:
                raise InputError("The role is empty.", hint="Use None for the connection's own.")
            if self.role == "none":
                raise InputError(
                    "The role is 'none', which PostgreSQL takes for the connection's own.",
                    hint="Use the name of a role, or None for the connection's own.",
                )
        names = set()
        for name, value in self.variables:
            if not _VARIABLE.fullmatch(name):
                raise InputError(
                    f"{name!r} cannot be a session variable.",
                    hint="Write a prefix, a dot and a name, such as 'app.tenant'.",
                )
            if name.lower() in names:
                raise InputError(f"The session variable {name!r} is set twice.")
            names.add(name.lower())
            _check_text(f"The session variable {name!r}", value)

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """Pairs of setting and value, in the order in which they are set."""
        if self.role is None:
            return self.variables
        return (("role", self.role), *self.variables)

    @classmethod
    def of(cls, role: str | None, variables: Mapping[str, str]) -> Self:
        """Return the identity for ``role`` and ``session`` of a context, in any order."""
        if role is None and not variables:
            return cls.NONE
        return cls(role, tuple(sorted(variables.items())))


Identity.NONE = Identity()


def _check_text(subject: str, value: object) -> None:
    if not isinstance(value, str):
        raise InputError(f"{subject} is a {type(value).__name__}, not a text.", hint="Use a str.")
    if "\0" in value:
        raise InputError(f"{subject} contains a NUL character, which PostgreSQL cannot store.")
