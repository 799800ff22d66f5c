"""Checks: every declared column is there, in embedded types too, before the first request."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import get_named_type

from fraiseql.schema.definitions import FieldDefinition
from fraiseql.serving.planning.fields import stored_column
from fraiseql.serving.planning.reads import Read
from fraiseql.serving.planning.relations import Place, Relations


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
class Checked:
    """What the walk through all declarations found.

    Attributes:
        probes: Developers' predicates, for PostgreSQL to read.
        places: Object types, each with a relation that answers it.
    """

    probes: tuple[Probe, ...]
    places: tuple[tuple[str, Place], ...]


def check_columns(relations: Relations) -> Checked:
    """Check what is declared of every relation, and return what PostgreSQL has to be asked.

    Raises:
        SourceError: A field has no column and no document to stand in.
        DeclarationError: An embed joins by a column that does not exist.
        InputError: An embed is ordered by a field that does not exist.
    """
    probes: list[Probe] = []
    places = ((name, relations.place_of(name)) for name in relations.sources.sources)
    left = deque((name, place) for name, place in places if place is not None)
    seen: dict[tuple[str, str], Place] = {}
    while left:
        type_name, place = left.popleft()
        for part in relations.parts(type_name):
            key = (part, place.relation.sql)
            if key in seen:
                continue
            seen[key] = place
            for found in _fields(relations, part, place):
                if isinstance(found, Probe):
                    probes.append(found)
                else:
                    left.append(found)
    return Checked(tuple(probes), tuple((part, place) for (part, _), place in seen.items()))


def _fields(
    relations: Relations, type_name: str, place: Place
) -> Iterator[Probe | tuple[str, Place]]:
    for graphql_name, field in relations.schema.fields[type_name].items():
        owner = f"{type_name}.{field.name}"
        if field.embed is not None:
            type_: Any = relations.schema.graphql.type_map[type_name]
            named = get_named_type(type_.fields[graphql_name].type).name
            yield from _embed(relations, field, place, named, type_name)
        elif field.computed is None:
            stored_column(place.relation, place.document, field.name, wanted_by=owner)


def _embed(
    relations: Relations, field: FieldDefinition, outer: Place, named: str, owner: str
) -> Iterator[Probe | tuple[str, Place]]:
    assert field.embed is not None  # noqa: S101 - the caller saw it
    inner = relations.embedded_place(field.embed, named)
    relations.embedded(field, outer, named, Read(inner.relation), owner=owner)
    if field.embed.where:
        table = f"{inner.relation.sql} AS t1"
        text = f"SELECT FROM {table} WHERE ({field.embed.where}) LIMIT 0"
        yield Probe(f"{owner}.{field.name}", text)
    yield named, inner
