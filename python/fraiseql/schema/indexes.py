"""Declarations of indexes: values of ``indexes=``."""

from collections.abc import Mapping
from dataclasses import dataclass

from fraiseql.errors import DeclarationError
from fraiseql.schema.durations import seconds_of
from fraiseql.schema.options import check_form


@dataclass(frozen=True, slots=True)
class Index:
    """A B-tree index of the type's table, partial with ``where``.

    The type's key is its last part, as it is the last part of every order.

    Args:
        columns: Columns or fields, or one; ``-`` in front for descending.
        where: Field → constant (None: is null) or comparison (``{"gt": 1000}``), all of which must
            hold; or SQL text of the same: ``"active AND deleted_at IS NULL"``.

    Raises:
        DeclarationError: It has no column.
    """

    columns: tuple[str, ...] | str
    where: Mapping[str, object] | str | None = None

    def __post_init__(self) -> None:
        check_form(self, lists=("columns",), mappings=("where",))
        if not self.columns:
            raise DeclarationError("An Index has no column.", hint='Write Index(("-created_at",)).')


@dataclass(frozen=True, slots=True)
class RollingIndex:
    """A partial index over the latest rows of a table, rebuilt as time passes.

    Args:
        column: Column of an instant or date; ``-`` in front for descending.
        window: How far back the index reaches, as text: ``"30 days"``.
        step: How often it is rebuilt: ``"1 day"``.

    Raises:
        DeclarationError: Window or step cannot be read, or the step is longer than the window.
    """

    column: str
    window: str
    step: str = "1 day"

    def __post_init__(self) -> None:
        check_form(self, texts=("column", "window", "step"))
        if seconds_of(self.step, of="step") > seconds_of(self.window, of="window"):
            raise DeclarationError(
                f"A RollingIndex of {self.window!r} is moved on every {self.step!r} only.",
                hint="Choose a step that is a small part of the window.",
            )


@dataclass(frozen=True, slots=True)
class Gin:
    """A GIN index over the type's ``jsonb_column``: equality of any field inside of it.

    Args:
        column: The JSONB column.
    """

    column: str

    def __post_init__(self) -> None:
        check_form(self, texts=("column",))


IndexDeclaration = Index | RollingIndex | Gin
"""A value in ``indexes=``."""
