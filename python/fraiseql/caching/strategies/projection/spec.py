"""Spec: which documents a projection keeps and which rows each is read from, as plain data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from fraiseql.catalog.picture import quote
from fraiseql.errors import DeclarationError

_LONGEST_NAME = 40
"""Characters of a projection's name: names made from it stay within PostgreSQL's 63."""


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
        type: As SQL names it without any length, qualified where needed.
        collation: Quoted, where it is not the type's own; the projection is ordered by it too.
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
        partitions: Every partition below it, at any depth; each is given the triggers too.
        by_row: Whether its changes are captured row by row: PostgreSQL does not put every changed
            row of it into transition tables.
    """

    name: Qualified
    key: tuple[KeyColumn, ...]
    partitions: tuple[Qualified, ...] = ()
    by_row: bool = field(default=False, repr=False)


@dataclass(frozen=True, slots=True)
class Join:
    """One pair of columns that must be equal: ``inner`` of the embed, ``outer`` of its parent.

    Attributes:
        inner: Column of the embedded table.
        outer: Column of the table that embeds it.
        type: Type that both are compared in: that of the referenced column.
    """

    inner: str
    outer: str
    type: str


@dataclass(frozen=True, slots=True)
class EmbedSpec:
    """One edge of the tree: rows of a table that stand in the documents of another.

    Attributes:
        name: The field's name; unique beside its siblings.
        table: The embedded table.
        join: Pairs of columns that relate the two.
        many: True if the embedded rows hold the reference (1:N), False if the parent does (N:1).
        columns: Columns that the document, its order, conditions or further joins read.
        embeds: What the embedded rows embed themselves.
    """

    name: str
    table: BaseTable
    join: tuple[Join, ...]
    many: bool
    columns: tuple[str, ...]
    embeds: "tuple[EmbedSpec, ...]" = ()


@dataclass(frozen=True, slots=True)
class ProjectionSpec:
    """Documents that are kept in a table of their own, and what they are made of.

    Attributes:
        owner: Name of the declared type.
        table: The projection: key columns, ``data jsonb``, and ``body json`` when ``text``.
        view: The live definition: key columns and ``data``.
        view_sql: The view's query; it reads base tables only, and only those of the tree.
        root: Table with one row for each document; its key is the projection's.
        columns: Columns of the root that the document, conditions or joins read.
        embeds: The tree below the root.
        mode: ``commit`` recomputes once per transaction, as it commits; ``statement`` at once;
            ``async`` only queues, and a drain recomputes.
        text: Whether a response-ready ``json`` text is kept beside ``data``.
        lock_limit: Most keys of an edge that are locked one by one; more lock the whole edge, since
            PostgreSQL's table of locks is finite and shared by all sessions.
        calls: Names of the functions that the view's query calls.
        parts: What tells one set of partitions from another; empty where nothing is partitioned.
        max_bytes: Bytes beyond which a document is stored as absent; None: what PostgreSQL allows.
        lineage: Number of all that inherits from the tables, as ``LINEAGE`` computes it.
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
        for place in (self.root, *(edge.table for edge in _below(self.embeds))):
            if not place.key:
                raise DeclarationError(
                    f"{place.name.sql}, which {self.owner} reads, has no unique NOT NULL key.",
                    hint="A projection follows rows by their key: add a primary key.",
                )
        for siblings in (self.embeds, *(edge.embeds for edge in _below(self.embeds))):
            if len({edge.name for edge in siblings}) < len(siblings):
                raise DeclarationError(f"{self.owner} has two embeds of one name.")
        if any(not edge.join for edge in _below(self.embeds)):
            raise DeclarationError(f"{self.owner} has an embed that is joined on nothing.")

    @property
    def name(self) -> str:
        """What the framework's own objects for this projection are called after."""
        # ASCII only: PostgreSQL cuts names at 63 bytes.
        plain = re.sub(r"\W", "_", f"{self.table.schema}_{self.table.name}", flags=re.ASCII)
        mark = sha256(self.table.sql.encode()).hexdigest()[:8]
        return f"{plain[:_LONGEST_NAME]}_{mark}"

    @property
    def reading(self) -> Qualified:
        """The view by which documents are read: it is there while the projection is whole."""
        return Qualified(self.table.schema, f"kept_{self.table.name}")

    @property
    def key(self) -> tuple[KeyColumn, ...]:
        """Columns that identify a document."""
        return self.root.key


def _below(embeds: tuple[EmbedSpec, ...]) -> Iterator[EmbedSpec]:
    for edge in embeds:
        yield edge
        yield from _below(edge.embeds)
