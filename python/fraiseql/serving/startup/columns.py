"""Checks: every declared column is there, in embedded types too, before the first request."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from graphql import get_named_type

from fraiseql.catalog.picture import quote
from fraiseql.schema.definitions import FieldDefinition
from fraiseql.serving.planning.fields import stored_column
from fraiseql.serving.planning.reads import RelationRead
from fraiseql.serving.planning.relations import BoundRelation, Relations


@dataclass(frozen=True, slots=True)
class Probe:
    """A statement that only asks whether PostgreSQL accepts a developer's predicate.

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
        """Return the statement that reads the predicate; ``around`` is what it stands in."""
        # No alias that the text could know: the one in a statement depends on the depth.
        row = f'{self.relation} AS "fraiseql row"'
        tested = f"EXISTS (SELECT FROM {row} WHERE ({self.where}))"
        return Probe(self.owner, f"SELECT {around} WHERE {tested} LIMIT 0")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the walk through all declarations found.

    Attributes:
        probes: Developers' predicates, for PostgreSQL to read.
        bound_relations: Object types, each with a relation that answers it.
    """

    probes: tuple[Probe, ...]
    bound_relations: tuple[tuple[str, BoundRelation], ...]


def check_columns(relations: Relations) -> Checked:
    """Check what is declared of every relation, and return what PostgreSQL has to be asked.

    Raises:
        SourceError: A field has no column and no document to stand in.
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
            for found in _fields(relations, part, bound):
                if isinstance(found, _Predicate):
                    predicates.append(found)
                else:
                    left.append(found)
    around = _around(name for bound in seen.values() for name in bound.relation.columns)
    probes = tuple(predicate.probe(around) for predicate in predicates)
    return Checked(probes, tuple((part, bound) for (part, _), bound in seen.items()))


def _fields(
    relations: Relations, type_name: str, bound: BoundRelation
) -> Iterator[_Predicate | tuple[str, BoundRelation]]:
    for graphql_name, field in relations.schema.fields[type_name].items():
        owner = f"{type_name}.{field.name}"
        if field.embed is not None:
            type_: Any = relations.schema.graphql.type_map[type_name]
            named = get_named_type(type_.fields[graphql_name].type).name
            yield from _embed(relations, field, bound, named, type_name)
        elif field.computed is None:
            stored_column(bound.relation, bound.document, field, wanted_by=owner)


def _embed(
    relations: Relations, field: FieldDefinition, outer: BoundRelation, named: str, owner: str
) -> Iterator[_Predicate | tuple[str, BoundRelation]]:
    assert field.embed is not None  # noqa: S101 - the caller saw it
    inner = relations.embedded_relation(field.embed, named)
    relations.embedded(field, outer, named, RelationRead(inner.relation), owner=owner)
    if field.embed.where:
        yield _Predicate(f"{owner}.{field.name}", inner.relation.sql, field.embed.where)
    yield named, inner


_MOST_COLUMNS: Final = 1_500
"""Of one list of columns; PostgreSQL takes 1,664."""


def _around(columns: Iterable[str]) -> str:
    """Return a FROM clause in which every one of ``columns`` is there twice.

    A predicate stands in statements over other relations. A name that it finds there instead of in
    its own relation is ambiguous here, and PostgreSQL refuses it.
    """
    names = sorted({*columns, "age"})
    parts = [names[start : start + _MOST_COLUMNS] for start in range(0, len(names), _MOST_COLUMNS)]
    rows = [f"(SELECT {', '.join(f'NULL AS {quote(name)}' for name in part)})" for part in parts]
    twice = [f'{row} AS "fraiseql around {number}"' for number, row in enumerate([*rows, *rows])]
    return f"FROM {', '.join(twice)}"
