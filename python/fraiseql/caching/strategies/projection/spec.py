"""Specification of a projection: its documents and their source rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from fraiseql.catalog.picture import quote
from fraiseql.errors import DeclarationError

_LONGEST_NAME = 40
"""Characters of a projection's name, so that names derived from it stay within 63 bytes."""


@dataclass(frozen=True, slots=True)
class Qualified:
    """A relation's schema and name."""

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """Quoted, for SQL."""
        return f"{quote(self.schema)}.{quote(self.name)}"


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of a key.

    Attributes:
        name: As stored in the catalog.
        type: SQL name of the type without a length, qualified where needed.
        collation: Quoted, unless it is the type's default; the projection is ordered by it too.
    """

    name: str
    type: str
    collation: str = ""


@dataclass(frozen=True, slots=True)
class BaseTable:
    """A table that documents are read from.

    Attributes:
        name: The table.
        key: Columns of a unique, NOT NULL key.
        partitions: Its partitions at every level; each has the triggers too.
        by_row: Whether row triggers capture its changes, because PostgreSQL does not put every
            changed row into transition tables.
    """

    name: Qualified
    key: tuple[KeyColumn, ...]
    partitions: tuple[Qualified, ...] = ()
    by_row: bool = field(default=False, repr=False)


@dataclass(frozen=True, slots=True)
class Join:
    """A pair of columns that must be equal: ``inner`` of the embed, ``outer`` of its parent.

    Attributes:
        inner: Column of the embedded table.
        outer: Column of the table that embeds it.
        type: Type of the referenced column, in which both are compared.
    """

    inner: str
    outer: str
    type: str


@dataclass(frozen=True, slots=True)
class EmbedSpec:
    """One edge of the tree: rows of a table embedded in the documents of another.

    Attributes:
        name: The field's name; unique among its siblings.
        table: The embedded table.
        join: Pairs of columns that relate the two.
        many: True if the embedded rows hold the reference (1:N), False if the parent does (N:1).
        columns: Columns that the document, its order, conditions or further joins read.
        embeds: Embeds of the embedded rows.
    """

    name: str
    table: BaseTable
    join: tuple[Join, ...]
    many: bool
    columns: tuple[str, ...]
    embeds: "tuple[EmbedSpec, ...]" = ()


@dataclass(frozen=True, slots=True)
class ProjectionSpec:
    """A projection: its table, its documents, and the tables they are computed from.

    Attributes:
        owner: Name of the declared type.
        table: The projection: key columns, ``data jsonb``, and ``body json`` when ``text``.
        view: The live definition: key columns and ``data``.
        view_sql: The view's query; it reads only the base tables of the tree.
        root: Table with one row for each document; its key is the key of the projection.
        columns: Columns of the root that the document, conditions or joins read.
        embeds: The tree below the root.
        mode: ``commit`` recomputes once per transaction, as it commits; ``statement`` at once;
            ``async`` only queues, and a worker recomputes.
        text: Whether a response-ready ``json`` text is stored next to ``data``.
        lock_limit: Most keys of an edge that are locked one by one; more lock the whole edge, since
            PostgreSQL's lock table is finite and shared by all sessions.
        calls: Names of the functions that the view's query calls.
        parts: Digest of the set of partitions; empty if no table is partitioned.
        max_bytes: Size above which a document is stored as absent; None for PostgreSQL's limit.
        lineage: Checksum of the inheritance below the tables, as ``LINEAGE`` computes it.
    """

    owner: str
    table: Qualified
    view: Qualified
    view_sql: str
    root: BaseTable
    columns: tuple[str, ...]
    embeds: tuple[EmbedSpec, ...] = ()
    mode: Literal["commit", "statement", "async"] = "commit"
    text: bool = False
    lock_limit: int = 250
    calls: tuple[str, ...] = ()
    parts: str = ""
    lineage: int = 0
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        for table in (self.root, *(edge.table for edge in _all_edges(self.embeds))):
            if not table.key:
                raise DeclarationError(
                    f"{table.name.sql}, which {self.owner} reads, has no unique NOT NULL key.",
                    hint="A projection follows rows by their key: add a primary key.",
                )
        for siblings in (self.embeds, *(edge.embeds for edge in _all_edges(self.embeds))):
            if len({edge.name for edge in siblings}) < len(siblings):
                raise DeclarationError(f"{self.owner} has two embeds with the same name.")
        if any(not edge.join for edge in _all_edges(self.embeds)):
            raise DeclarationError(f"{self.owner} has an embed without join columns.")

    @property
    def name(self) -> str:
        """Name that the names of the projection's own objects begin with."""
        # ASCII only: PostgreSQL cuts names at 63 bytes.
        plain = re.sub(r"\W", "_", f"{self.table.schema}_{self.table.name}", flags=re.ASCII)
        mark = sha256(self.table.sql.encode()).hexdigest()[:8]
        return f"{plain[:_LONGEST_NAME]}_{mark}"

    @property
    def reading(self) -> Qualified:
        """The view that serving reads; it exists while the projection is complete."""
        return Qualified(self.table.schema, f"stored_{self.table.name}")

    @property
    def key(self) -> tuple[KeyColumn, ...]:
        """Columns that identify a document."""
        return self.root.key


def _all_edges(embeds: tuple[EmbedSpec, ...]) -> Iterator[EmbedSpec]:
    for edge in embeds:
        yield edge
        yield from _all_edges(edge.embeds)
