"""Declarations of what is kept: the values of ``stored=`` and ``indexes=``."""

from dataclasses import dataclass
from typing import Literal

from fraiseql.errors import DeclarationError

WhenStale = Literal["serve", "live", "error"]


@dataclass(frozen=True, slots=True)
class GeneratedColumn:
    """The document is a stored generated column of the type's own table.

    Args:
        column: Name of the column that is added.
    """

    column: str = "data"


@dataclass(frozen=True, slots=True)
class Projection:
    """Documents are rows of a table of their own, kept by triggers.

    Args:
        mode: ``commit`` recomputes once for each transaction as it commits; ``statement`` after
            each statement; ``async`` soon after, by a worker.
        embeds: Embedded fields that the document holds, dotted for deeper ones
            (``("posts", "posts.author")``); None for the type's own embeds, one level deep.
        text: Whether a response-ready ``json`` column is kept beside the ``jsonb`` one.
        budget: Most documents that one change of a row may touch; more is refused, with the figure.
    """

    mode: Literal["commit", "statement", "async"] = "commit"
    embeds: tuple[str, ...] | None = None
    text: bool = False
    budget: int = 1_000


@dataclass(frozen=True, slots=True)
class MaterializedView:
    """Documents are rows of a materialized view that the framework refreshes.

    Args:
        sql: The query; None keeps the type's own live view.
        refresh: Interval as text (``"5m"``) between refreshes, or None.
        on_write: Whether writes to what it reads bring a refresh, debounced.
        target_lag: Longest staleness to aim at, as text.
        when_stale: What a reader is given beyond ``target_lag``: the view as it is, the live
            answer, or an error.
        key: Columns that identify a row; None lets the framework find or add one.
    """

    sql: str | None = None
    refresh: str | None = None
    on_write: bool = False
    target_lag: str | None = None
    when_stale: WhenStale = "serve"
    key: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.refresh is None and not self.on_write and self.target_lag is None:
            raise DeclarationError(
                "A MaterializedView says nothing of when it is refreshed.",
                hint='Write refresh="5m", on_write=True, or target_lag="30s".',
            )


@dataclass(frozen=True, slots=True)
class Index:
    """A B-tree index, partial when ``where`` is given.

    Args:
        columns: Columns or fields; ``-`` in front for descending.
        where: Field → constant (None: is null), all of which must hold.
    """

    columns: tuple[str, ...] | str
    where: tuple[tuple[str, object], ...] | dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class RollingIndex:
    """A partial index over the latest part of a table, moved on from time to time.

    Args:
        column: Column of an instant or date; ``-`` in front for descending.
        window: How far back the index reaches, as text: ``"30 days"``.
        step: How often it is moved on: ``"1 day"``.
    """

    column: str
    window: str
    step: str = "1 day"


@dataclass(frozen=True, slots=True)
class Gin:
    """A GIN index over a JSONB column or a key of it, for equality inside documents.

    Args:
        column: The JSONB column, or a field inside it.
    """

    column: str
