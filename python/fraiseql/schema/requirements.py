"""Requirements: rights that a declaration demands of a request."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fraiseql.errors import DeclarationError

Check = Callable[[Mapping[str, Any]], bool | Awaitable[bool]]
"""Whether a request has a right, by its context. Sync or async; called once for each request."""


@dataclass(frozen=True, slots=True)
class Requires:
    """A right that a request needs: the value of ``requires=``, and of arguments in their hints.

    Args:
        check: Function of the request's context that returns a bool; sync or async.

    Raises:
        DeclarationError: The check is no function.

    Example:
        >>> import fraiseql
        >>> from typing import Annotated
        >>> def is_staff(context):
        ...     return context["user"] == "ada"
        >>> @fraiseql.query
        ... def report(draft: Annotated[bool, fraiseql.Requires(is_staff)] = False) -> str:
        ...     return "draft" if draft else "report"
        >>> report()
        'report'
    """

    check: Check

    def __post_init__(self) -> None:
        if not callable(self.check) or self.check.__hash__ is None:
            raise DeclarationError(
                f"requires={self.check!r} is not a function.",
                hint="Give a function of the request's context that returns a bool.",
            )


def read_requirement(label: str, requires: object) -> Requires | None:
    """Return the requirement of a declaration's ``requires=``.

    Args:
        label: The declaration, for the error.
        requires: The function, or None for no requirement.

    Raises:
        DeclarationError: It is no function.
    """
    if requires is None:
        return None
    if isinstance(requires, Requires):
        return requires
    if not callable(requires):
        raise DeclarationError(
            f"{label} has requires={requires!r}.",
            hint="Give a function of the request's context that returns a bool.",
        )
    return Requires(requires)
