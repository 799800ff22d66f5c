"""Queries of relations, as plain data."""

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from fraiseql.catalog import Column, Relation
from fraiseql.schema.aggregates import Function
from fraiseql.schema.connections import CountMode
from fraiseql.schema.orders import Nulls
from fraiseql.serving.planning.fields import FieldAccess
from fraiseql.serving.planning.filter_tree import Filter

DOCUMENT_KEY: Final = "$"
"""Key of the document in a row with other columns; no field can have this name."""

KEY: Final = ":node"
"""Key of the values in a global id among those of a request; no variable has this name."""

NO_ROW: Final = b"-"
"""Placeholder of a key that no row has; no document is a hyphen."""


@dataclass(frozen=True, slots=True)
class RelatedStep:
    """A step from a row to the rows that one of its embeds reads.

    Attributes:
        name: Python name of the embed.
        relation: Their relation.
        join: Pairs of a column of it and of the outer relation.
        condition: The embed's own predicate.
        unique: Whether there is at most one.
    """

    name: str
    relation: Relation
    join: tuple[tuple[Column, Column], ...]
    condition: str | None
    unique: bool


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of an order; ``nulls`` as in ``fraiseql.schema.orders.Term``.

    Attributes:
        access: The value; of related rows, if there is a ``path``.
        descending: Whether the greatest value is first.
        nulls: Where rows with null are.
        path: The steps to the row that has the value.
        counted: Whether the value is the number of rows of the last step.
    """

    access: FieldAccess
    descending: bool
    nulls: Nulls = ""
    path: tuple[RelatedStep, ...] = ()
    counted: bool = False

    @property
    def name(self) -> str:
        """Its name, with those of the steps."""
        return ".".join([*(step.name for step in self.path), self.access.name])


@dataclass(frozen=True, slots=True)
class CountPart:
    """A total count to read.

    Attributes:
        name: Its key in the document.
        kind: Key of what it says; empty when that is not selected.
        mode: How it is counted.
        cap: Where a capped count stops: a ``ValueRef`` or a number.
    """

    name: str
    kind: str
    mode: CountMode
    cap: Any


@dataclass(frozen=True, slots=True)
class ConnectionParts:
    """The parts of a connection to read, and the place of its page.

    Attributes:
        edges: Whether its edges are read.
        nodes: Whether its nodes are read.
        cursors: Whether the edges have cursors.
        page_info: The selected fields of its page info; None when it is not selected.
        counts: Its total counts.
        backward: Whether the page is at the end of the rows, not at their start.
        after: Cursor of the row before the page: a ``ValueRef``, a text, or None.
        before: Cursor of the row behind the page.
        aggregate: The aggregates of all rows to read; None for none.
    """

    edges: bool = False
    nodes: bool = False
    cursors: bool = False
    page_info: frozenset[str] | None = None
    counts: tuple[CountPart, ...] = ()
    backward: bool = False
    after: Any = None
    before: Any = None
    aggregate: "Groups | None" = None

    @property
    def estimated(self) -> bool:
        """Whether a total is PostgreSQL's estimate."""
        return any(count.mode == "estimated" for count in self.counts)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A list or object read from another relation for each row.

    Attributes:
        name: Python name of the field.
        read: The read of each embedded row.
        many: Whether it is a list; otherwise an object or null.
        join: Pairs (column of the embedded relation, column of the outer relation).
        condition: The developer's SQL predicate over the embedded relation's columns.
        order: Terms, with the key last to break ties.
        limit: Limit of items: a number, a ``ValueRef``, or None for none.
        key: Its key in the row's JSON: the name, unless a request gives the list arguments.
        where: The request's filter.
        offset: A number, a ``ValueRef``, or None.
        max_limit: Largest ``limit`` of a request.
        is_part: Whether it is a part of the list that is read without arguments.
        connection: The parts of a connection; None for a list or an object.
    """

    name: str
    read: "RelationRead"
    many: bool
    join: tuple[tuple[str, str], ...]
    condition: str | None = None
    order: tuple[OrderTerm, ...] = ()
    limit: Any = None
    key: str = ""
    where: Filter | None = None
    offset: Any = None
    max_limit: int = 1
    is_part: bool = True
    connection: ConnectionParts | None = None

    @property
    def plain(self) -> bool:
        """Whether it is read as it is declared."""
        return self.key == self.name


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a list in a stored document.

    Attributes:
        name: The key of the list.
        key: The key of the part.
        limit: As in ``Embedded``.
        offset: As in ``Embedded``.
        max_limit: As in ``Embedded``.
    """

    name: str
    key: str
    limit: Any
    offset: Any
    max_limit: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document in the row of another relation with the same key.

    Attributes:
        relation: The other relation.
        document: Its document column.
        key: Columns that both relations have.
        slices: Parts of its lists that are read with it.
    """

    relation: Relation
    document: Column
    key: tuple[str, ...]
    slices: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True)
class RelationRead:
    """The parts of a row to read.

    Attributes:
        relation: The relation.
        columns: Own columns, by name.
        renamed: Pairs of the key in the row's JSON and the own column that it is read from.
        document: The document column, when it is read.
        keys: Keys of the document that are lifted to the row's top level: a field with the name
            of the document column, and the discriminator of an interface or union.
        embeds: Embedded lists and objects.
        mirrored: Whether the document contains the whole row, so that it alone is read; otherwise
            it is read next to the columns.
        fetched: The document with the whole row, when it is in another relation.
        exact: Whether Python receives embeds exactly as selected, so that a document with more
            cannot replace the row.
        slices: Parts of lists that are added to a mirrored document.
    """

    relation: Relation
    columns: tuple[str, ...] = ()
    document: Column | None = None
    keys: tuple[tuple[str, Column], ...] = ()
    embeds: tuple[Embedded, ...] = ()
    mirrored: bool = False
    fetched: Fetched | None = None
    exact: bool = False
    renamed: tuple[tuple[str, str], ...] = ()
    slices: tuple[Slice, ...] = ()

    @property
    def is_document(self) -> bool:
        """Whether the document column alone is the row's JSON."""
        return self.mirrored and self.document is not None


@dataclass(frozen=True, slots=True)
class PageParts:
    """The parts of a page to read.

    Attributes:
        items: Its rows.
        has_next_page: Whether rows follow.
        total_count: Number of rows of all pages.
    """

    items: bool
    has_next_page: bool
    total_count: bool


@dataclass(frozen=True, slots=True)
class GroupValue:
    """One value of a group of rows.

    Attributes:
        function: ``key``, ``count`` or an aggregate function.
        access: The field; None for ``count``.
    """

    function: Function
    access: FieldAccess | None = None


@dataclass(frozen=True, slots=True)
class GroupTest:
    """Comparison of a group's value with a request's; ``value`` may be None for null."""

    of: GroupValue
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of the rows of a relation, and their values to read.

    Attributes:
        keys: The fields whose equal values are a group; none for one group of all rows.
        parts: The functions that are selected, also without a value.
        values: The values to read.
        having: Tests of groups; all must hold.
        order: Values with their direction, as SQL's words; then the keys.
    """

    keys: tuple[FieldAccess, ...]
    parts: tuple[Function, ...]
    values: tuple[GroupValue, ...]
    having: tuple[GroupTest, ...] = ()
    order: tuple[tuple[GroupValue, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RelationQuery:
    """Rows of one relation.

    Attributes:
        read: The parts of each row to read.
        where: The filter; None for all rows.
        order: Terms of the order.
        limit: A ``ValueRef``, a number, or None for no limit.
        offset: A ``ValueRef``, a number, or None.
        conditions: Number of conditions and order terms from the request.
        outcome: ``rows``, or only their number (``count``), or whether any exists (``exists``), or
            a ``page`` of them as one object, or a ``connection``, or ``groups`` of them; or
            PostgreSQL's ``estimate`` of their number, as its plan. ``keys``: for each value of
            ``KEY``, which is a list then, the row that the query finds, or ``NO_ROW``.
        page: The parts of a page.
        connection: The parts of a connection.
        groups: The groups of its rows.
    """

    read: RelationRead
    where: Filter | None = None
    order: tuple[OrderTerm, ...] = ()
    limit: Any = None
    offset: Any = None
    conditions: int = 0
    outcome: Literal[
        "rows", "count", "exists", "page", "connection", "groups", "estimate", "keys"
    ] = "rows"
    page: PageParts | None = None
    connection: ConnectionParts | None = None
    groups: Groups | None = None

    @property
    def is_object(self) -> bool:
        """Whether the answer is one object with the rows in it."""
        return self.outcome in ("page", "connection")


def merged(first: RelationRead, other: RelationRead) -> RelationRead:
    """Return the read that covers both: an embed with the same arguments is read once."""
    embeds = {embed.key: embed for embed in first.embeds}
    for embed in other.embeds:
        previous = embeds.get(embed.key)
        read = embed.read if previous is None else merged(previous.read, embed.read)
        embeds[embed.key] = replace(embed, read=read)
    return RelationRead(
        first.relation,
        tuple(dict.fromkeys((*first.columns, *other.columns))),
        first.document or other.document,
        tuple(dict.fromkeys((*first.keys, *other.keys))),
        tuple(embeds.values()),
        renamed=tuple(dict.fromkeys((*first.renamed, *other.renamed))),
        exact=first.exact or other.exact,
    )
