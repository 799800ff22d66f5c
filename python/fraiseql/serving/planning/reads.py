"""Reads: which rows of which relation, and what of each row, as plain data that prints."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from fraiseql.catalog import Column, Relation
from fraiseql.serving.planning.fields import FieldAccess
from fraiseql.serving.planning.filters import Filter

DOCUMENT_KEY: Final = "$"
"""Key under which a row carries its document beside own columns; no field can have this name."""


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of an order."""

    access: FieldAccess
    descending: bool


@dataclass(frozen=True, slots=True)
class Embedded:
    """A list or object read from another relation for each row.

    Attributes:
        name: Key of the outcome in the row's JSON.
        many: A list, empty when nothing is found; else one object or null.
        join: Pairs (column of the embedded relation, column of the outer relation).
        condition: The developer's SQL predicate over the embedded relation's columns.
        order: Terms; ties are broken by the key already.
        limit: Most items.
    """

    name: str
    read: "RelationRead"
    many: bool
    join: tuple[tuple[str, str], ...]
    condition: str | None = None
    order: tuple[OrderTerm, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document that stands in another relation, in the row with the same key.

    Attributes:
        relation: The other relation.
        document: Its document column.
        key: Columns that both relations have.
    """

    relation: Relation
    document: Column
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RelationRead:
    """What is wanted of one row.

    Attributes:
        relation: The relation.
        columns: Own columns, by name.
        renamed: Pairs of the key in the row's JSON and the own column that it is read from.
        document: The document column when it is wanted.
        keys: Keys of the document that are lifted to the row's top: a field that has the document
            column's own name, and the discriminator of an interface or union.
        embeds: Embedded lists and objects.
        mirrored: Whether the document holds all of the row, so that it is read as it stands; else
            it stands beside the columns, as the shape of the type expects it.
        fetched: The document that holds all of the row, when it stands beside the relation.
        exact: Whether Python is given embeds just as they were selected, so that no document that
            holds more may stand for the row.
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

    @property
    def is_document(self) -> bool:
        """Whether the document column alone is the row's JSON."""
        return self.mirrored and self.document is not None


@dataclass(frozen=True, slots=True)
class RelationQuery:
    """Rows of one relation.

    Attributes:
        read: What of each row.
        where: Which rows; None for all.
        order: Terms of the order.
        limit: A ``Ref``, a number, or None for no limit.
        offset: A ``Ref``, a number, or None.
        conditions: How many conditions and terms of its order a request brings.
        outcome: ``rows``, or only how many (``count``), or whether there is one (``exists``).
    """

    read: RelationRead
    where: Filter | None = None
    order: tuple[OrderTerm, ...] = ()
    limit: Any = None
    offset: Any = None
    conditions: int = 0
    outcome: Literal["rows", "count", "exists"] = "rows"
