"""Checks at the start that every declared column exists, in embeds too."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.catalog.picture import quote
from fraiseql.schema.connections import row_named
from fraiseql.schema.definitions import FieldDefinition
from fraiseql.serving.planning.fields import stored_column
from fraiseql.serving.planning.reads import RelationRead
from fraiseql.serving.planning.relations import BoundRelation, Relations


@dataclass(frozen=True, slots=True)
class Probe:
    """A statement that checks whether PostgreSQL accepts a developer's predicate.

    Attributes:
        owner: The field that the predicate belongs to.
        text: SQL; it reads no row.
    """

    owner: str
    text: str


@dataclass(frozen=True, slots=True)
class _Predicate:
    """A developer's predicate over the columns of one relation, quoted and qualified."""

    owner: str
    relation: str
    where: str

    def probe(self, around: str) -> Probe:
        """Return the statement that checks the predicate inside the FROM clause ``around``."""
        # An alias that the predicate cannot name: in a statement it depends on the depth.
        row = f'{self.relation} AS "fraiseql row"'
        tested = f"EXISTS (SELECT FROM {row} WHERE ({self.where}))"
        return Probe(self.owner, f"SELECT {around} WHERE {tested} LIMIT 0")


@dataclass(frozen=True, slots=True)
class CheckedDeclarations:
    """All types with their relations, and the predicates for PostgreSQL to check.

    Attributes:
        probes: Developers' predicates, for PostgreSQL to check.
        bound_relations: Object types, each with a relation that answers it.
    """

    probes: tuple[Probe, ...]
    bound_relations: tuple[tuple[str, BoundRelation], ...]


def check_columns(relations: Relations) -> CheckedDeclarations:
    """Check the columns of every declared relation, and return what PostgreSQL has to check.

    Raises:
        SourceError: A field has neither a column nor a document.
        DeclarationError: An embed joins by a column that does not exist.
        InputError: An embed is ordered by a field that does not exist.
    """
    predicates: list[_Predicate] = []
    bound_relations = ((name, relations.bound_relation(name)) for name in relations.sources.sources)
    left = deque((name, bound) for name, bound in bound_relations if bound is not None)
    seen: dict[tuple[str, str], BoundRelation] = {}
    while left:
        type_name, bound = left.popleft()
        for part in relations.parts(type_name):
            key = (part, bound.relation.sql)
            if key in seen:
                continue
            seen[key] = bound
            for item in _fields(relations, part, bound):
                if isinstance(item, _Predicate):
                    predicates.append(item)
                else:
                    left.append(item)
    around = _around(name for bound in seen.values() for name in bound.relation.columns)
    probes = tuple(predicate.probe(around) for predicate in predicates)
    return CheckedDeclarations(probes, tuple((part, bound) for (part, _), bound in seen.items()))


def _fields(
    relations: Relations, type_name: str, bound: BoundRelation
) -> Iterator[_Predicate | tuple[str, BoundRelation]]:
    for graphql_name, field in relations.schema.fields[type_name].items():
        owner = f"{type_name}.{field.name}"
        if field.embed is not None:
            type_: Any = relations.schema.graphql.type_map[type_name]
            named = row_named(type_.fields[graphql_name].type).name
            yield from _embed(relations, field, bound, named, type_name)
        elif field.computed is None:
            stored_column(bound.relation, bound.document, field, wanted_by=owner)


def _embed(
    relations: Relations, field: FieldDefinition, outer: BoundRelation, named: str, owner: str
) -> Iterator[_Predicate | tuple[str, BoundRelation]]:
    assert field.embed is not None  # noqa: S101 - the caller checked
    inner = relations.embedded_relation(field.embed, named)
    relations.embedded(field, outer, named, RelationRead(inner.relation), owner=owner)
    if field.embed.where:
        yield _Predicate(f"{owner}.{field.name}", inner.relation.sql, field.embed.where)
    yield named, inner


_MOST_COLUMNS: Final = 1_500
"""Columns in one select list; PostgreSQL allows 1,664."""


def _around(columns: Iterable[str]) -> str:
    """Return a FROM clause that has each of ``columns`` twice.

    A predicate becomes part of statements over other relations. A name that would resolve to one of
    those instead of its own relation is ambiguous here, and PostgreSQL refuses it.
    """
    names = sorted({*columns, "age"})
    parts = [names[start : start + _MOST_COLUMNS] for start in range(0, len(names), _MOST_COLUMNS)]
    rows = [f"(SELECT {', '.join(f'NULL AS {quote(name)}' for name in part)})" for part in parts]
    twice = [f'{row} AS "fraiseql around {number}"' for number, row in enumerate([*rows, *rows])]
    return f"FROM {', '.join(twice)}"
