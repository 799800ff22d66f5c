"""Sources: which relation answers which type. The one value that both roads share."""

from collections.abc import Mapping
from dataclasses import dataclass

from fraiseql.catalog import Relation


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents of one type are read.

    Attributes:
        type_name: GraphQL name of the type.
        declared: Relation name as declared: what ``Repository.find`` is called with.
        relation: Facts of the relation that is read.
        document: The JSONB column that answers fields without a column of their own, or None.
        key: Columns that identify a row and break ties of an order; may be empty for views.
        mirrored: Whether the document holds the own columns too, with equal values, so that the
            document alone answers every field.
    """

    type_name: str
    declared: str
    relation: Relation
    document: str | None
    key: tuple[str, ...]
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Every source of one application.

    Attributes:
        sources: By GraphQL type name.
        embedded: Relations that embeds read, by the name they are declared with.
    """

    sources: Mapping[str, Source]
    embedded: Mapping[str, Relation]
