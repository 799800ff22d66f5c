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
        hide: Whether requests without the right do not see the place, in introspection neither;
            otherwise its use is the error ``FORBIDDEN``.

    Raises:
        DeclarationError: The check is no function, or ``hide`` is no bool.

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
    hide: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.hide, bool):
            raise DeclarationError(f"hide={self.hide!r}.", hint="Write True or False.")
        if not callable(self.check) or self.check.__hash__ is None:
            raise DeclarationError(
                f"requires={self.check!r} is not a function.",
                hint="Give a function of the request's context that returns a bool.",
            )


def read_requirement(label: str, requires: object, hide: object) -> Requires | None:
    """Return the requirement of a declaration's ``requires=`` and ``hide=``.

    Args:
        label: The declaration, for the error.
        requires: The function, or None for no requirement.
        hide: Whether requests without the right do not see the place.

    Raises:
        DeclarationError: ``requires`` is no function, or ``hide`` is no bool or alone.
    """
    if not isinstance(hide, bool) or (hide and requires is None):
        raise DeclarationError(
            f"{label} has hide={hide!r} and requires={requires!r}.",
            hint="Write requires=check, hide=True.",
        )
    if requires is None:
        return None
    if not callable(requires):
        raise DeclarationError(
            f"{label} has requires={requires!r}.",
            hint="Give a function of the request's context that returns a bool.",
        )
    return Requires(requires, hide)
