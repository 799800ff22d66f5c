"""Declarations of stored documents: values of ``stored=``."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, get_args

from fraiseql.errors import DeclarationError
from fraiseql.schema.durations import seconds_of
from fraiseql.schema.indexes import IndexDeclaration
from fraiseql.schema.options import check_form

WhenStale = Literal["serve", "live", "error"]
Mode = Literal["commit", "statement", "async"]

MOST_BYTES: Final = 2**28 - 1
"""Bytes that PostgreSQL allows a ``jsonb`` value to have."""


class _Stored:
    """Questions that jobs and checks ask of every value of ``stored=``."""

    __slots__ = ()
    is_refreshed: ClassVar[bool] = False
    """Whether documents are computed by refreshes of a view."""
    reads_tables: ClassVar[bool] = True
    """Whether documents are read from more than the row they are stored in."""
    follows_partitions: ClassVar[bool] = False
    """Whether documents are built again when partitions come or go."""

    @property
    def has_queue(self) -> bool:
        """Whether a worker computes documents after the write."""
        return False


@dataclass(frozen=True, slots=True)
class GeneratedColumn(_Stored):
    """The document is a stored generated column of the type's own table.

    Args:
        column: Name of the column that is added.
    """

    reads_tables: ClassVar[bool] = False

    column: str = "data"

    def __post_init__(self) -> None:
        check_form(self, texts=("column",))


@dataclass(frozen=True, slots=True)
class Projection(_Stored):
    """Documents are rows of a table of their own, maintained by triggers.

    Args:
        mode: ``commit`` recomputes once for each transaction as it commits; ``statement`` after
            each statement; ``async`` soon after, by a worker.
        embeds: Embedded fields that the document holds, dotted for deeper ones
            (``("posts", "posts.author")``); None for the type's own embeds, one level deep.
        text: Whether a response-ready ``json`` column is stored next to the ``jsonb`` one.
        budget: Most documents that one change of a row may touch; more is refused, with the figure.
        max_bytes: Bytes of ``jsonb`` beyond which a document is not stored but answered live. None
            refuses lists without ``limit=``, whose documents grow without end.

    Raises:
        DeclarationError: There is no such mode, ``embeds`` is one text, or a number is not
            a size.
    """

    follows_partitions: ClassVar[bool] = True

    mode: Mode = "commit"
    embeds: tuple[str, ...] | None = None
    text: bool = False
    budget: int = 1_000
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        check_form(self, switches=("text",), numbers=("budget", "max_bytes"), lists=("embeds",))
        if self.mode not in get_args(Mode):
            raise DeclarationError(f"mode={self.mode!r} is not commit, statement or async.")
        if isinstance(self.embeds, str):
            raise DeclarationError(
                f"embeds={self.embeds!r} is one text.", hint=f"Write ({self.embeds!r},)."
            )
        if self.budget < 1:
            raise DeclarationError(f"budget={self.budget!r} allows no document to change.")
        if self.max_bytes is not None and not 0 < self.max_bytes <= MOST_BYTES:
            raise DeclarationError(
                f"max_bytes={self.max_bytes!r} is not between 1 and {MOST_BYTES:,}.",
                hint="PostgreSQL has no jsonb beyond that; one megabyte is a large document.",
            )

    @property
    def has_queue(self) -> bool:
        """Whether a worker computes documents after the write."""
        return self.mode == "async"


@dataclass(frozen=True, slots=True)
class MaterializedView(_Stored):
    """Documents are rows of a materialized view that the framework refreshes.

    Args:
        sql: The query whose columns answer the type's fields; None stores the documents of the
            type's own table, its embeds included.
        refresh: Interval (``"5m"``) after which writes since the last refresh cause one, or None.
        on_write: Whether a write causes a refresh at once, debounced.
        target_lag: Longest staleness to aim at, such as ``"30s"``, or None.
        when_stale: Answer to readers beyond ``target_lag``, or else ``refresh``: the view as it is,
            the live answer, or an error.
        key: Columns that identify a row; None lets the framework find or add one.

    Raises:
        DeclarationError: It is never refreshed, an interval cannot be read, or ``when_stale`` has
            no limit to apply.
    """

    is_refreshed: ClassVar[bool] = True

    sql: str | None = None
    refresh: str | None = None
    on_write: bool = False
    target_lag: str | None = None
    when_stale: WhenStale = "serve"
    key: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_form(
            self, texts=("sql", "refresh", "target_lag"), switches=("on_write",), lists=("key",)
        )
        if self.refresh is None and not self.on_write and self.target_lag is None:
            raise DeclarationError(
                "A MaterializedView says nothing of when it is refreshed.",
                hint='Write refresh="5m", on_write=True, or target_lag="30s".',
            )
        if self.when_stale not in get_args(WhenStale):
            raise DeclarationError(f"when_stale={self.when_stale!r} is not serve, live or error.")
        if (self.lag, self.every) == (None, None) and self.when_stale != "serve":
            raise DeclarationError(
                f"when_stale={self.when_stale!r} says nothing of when the view is stale.",
                hint='Add target_lag="30s", or refresh="5m".',
            )
        if isinstance(self.key, str):
            raise DeclarationError(f"key={self.key!r} is one text.", hint=f"Write ({self.key!r},).")

    @property
    def every(self) -> float | None:
        """Seconds of ``refresh``."""
        return None if self.refresh is None else seconds_of(self.refresh, of="refresh")

    @property
    def lag(self) -> float | None:
        """Seconds of ``target_lag``."""
        return None if self.target_lag is None else seconds_of(self.target_lag, of="target_lag")

    @property
    def bound(self) -> float | None:
        """Seconds beyond which ``when_stale`` decides: of the target, else of the interval."""
        return self.every if self.lag is None else self.lag

    def live_source(self, sql_source: str) -> str:
        """Return the relation that answers a type over ``sql_source`` live.

        With ``sql`` it is a plain view over the query, without it the table itself.

        Args:
            sql_source: The type's relation.
        """
        if self.sql is None:
            return sql_source
        schema, dot, name = sql_source.rpartition(".")
        return f"{schema}{dot}v_{bare_name(name)}"


def bare_name(relation: str) -> str:
    """Return a relation's name without its prefix: ``user`` for ``tb_user`` and ``mv_user``."""
    for prefix in ("tb_", "mv_", "v_"):
        if relation.startswith(prefix):
            return relation.removeprefix(prefix)
    return relation


Storage = GeneratedColumn | Projection | MaterializedView
"""A value of ``stored=``."""


def check_stored(label: str, stored: object, indexes: object = ()) -> None:
    """Check the values of ``stored=`` and ``indexes=``.

    Args:
        label: The declaration that has them, for the error.
        stored: A strategy, or None.
        indexes: Indexes; anything but a sequence of them is checked elsewhere.

    Raises:
        DeclarationError: A value is of another type, or a class in place of an instance.
    """
    if isinstance(stored, type):
        raise DeclarationError(
            f"{label} has stored={stored.__name__}, which is a class.",
            hint=f"Write stored=fraiseql.{stored.__name__}(), with its options in parentheses.",
        )
    # The exact type: the registry of strategies has no entry for a subclass.
    if stored is not None and type(stored) not in get_args(Storage):
        names = " or ".join(f"fraiseql.{strategy.__name__}(…)" for strategy in get_args(Storage))
        raise DeclarationError(
            f"{label} has stored={stored!r}.",
            hint=f"Write stored={names}, or leave stored out to read live.",
            code="UNKNOWN_STRATEGY",
        )
    for index in indexes if isinstance(indexes, tuple | list) else ():
        if not isinstance(index, IndexDeclaration):
            raise DeclarationError(
                f"{label} has {index!r} in indexes=, which is no index.",
                hint="Write Index((column,)), RollingIndex(column, window=…) or Gin(column).",
            )
