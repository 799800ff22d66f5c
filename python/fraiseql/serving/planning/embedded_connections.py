"""Plans of embedded connections."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fraiseql.errors import InputError
from fraiseql.schema.connections import row_named
from fraiseql.schema.definitions import EmbedDefinition, FieldDefinition
from fraiseql.serving.planning.arguments import ArgumentReader
from fraiseql.serving.planning.connections import (
    fields_in_cursors,
    placed,
    plan_connection,
)
from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.planning.nested import check_count, read_list_arguments
from fraiseql.serving.planning.object_nodes import ObjectNodes
from fraiseql.serving.planning.reads import ConnectionParts, Embedded
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.serving.planning.selection import SelectedField


@dataclass(frozen=True, slots=True)
class EmbedPlace:
    """An embed in a selection.

    Attributes:
        owner: The type that has the field.
        selected: The field.
        definition: Its declaration.
        outer: The relation of the outer rows.
    """

    owner: str
    selected: SelectedField
    definition: FieldDefinition
    outer: BoundRelation


@dataclass(frozen=True, slots=True)
class EmbeddedConnection:
    """The plan of an embedded connection.

    Attributes:
        embedded: How it is read.
        node: Its node in the shape.
        limits: Its limit, by the ids of its lists.
        conditions: Number of conditions and order terms in its arguments.
    """

    embedded: Embedded
    node: int
    limits: Mapping[int, Any]
    conditions: int


def plan_embedded_connection(
    objects: ObjectNodes,
    relations: Relations,
    reader: ArgumentReader,
    denials: Denials,
    place: EmbedPlace,
) -> EmbeddedConnection:
    """Return the plan of a field that embeds a connection.

    Raises:
        GraphQLError: An argument is not valid, or the request may not use it.
        InputError: A filter or order cannot be answered, or a number is out of range.
    """
    selected, embed = place.selected, place.definition.embed
    assert selected.field is not None and embed is not None  # noqa: S101, PT018
    named = row_named(selected.field.type).name
    inner = relations.embedded_relation(embed, named)
    default, maximum = _limits(embed, relations)
    denial = denials.of_arguments(place.owner, selected, reader)
    if denial is not None:
        raise denial
    listed = read_list_arguments(selected, reader, relations, (named, inner), maximum)
    planned = plan_connection(objects, relations, reader, selected, inner)
    parts, limit = placed(planned.parts, reader.for_sql(selected.field, selected.nodes[0]))
    _check(parts, limit, maximum)
    embedded = relations.embedded(
        place.definition, place.outer, named, planned.read, owner=place.owner
    )
    order = embedded.order if listed.order is None else listed.order
    fields = fields_in_cursors(relations, order, named, inner)
    denial = denials.of_cursors(f"{place.owner}.{selected.name}", fields)
    if denial is not None:
        raise denial
    limit = default if limit is None else limit
    embedded = replace(
        embedded,
        where=listed.where,
        order=order,
        limit=limit,
        max_limit=maximum,
        is_part=False,
        connection=parts,
    )
    limits = {part.id: limit for part in planned.lists}
    return EmbeddedConnection(embedded, planned.node, limits, listed.conditions)


def _check(parts: ConnectionParts, limit: Any, maximum: int) -> None:
    check_count("last" if parts.backward else "first", limit, maximum)
    if parts.estimated:
        raise InputError(
            "An embedded connection has no ESTIMATED total.", hint="Ask for EXACT or CAPPED."
        )


def _limits(embed: EmbedDefinition, relations: Relations) -> tuple[int, int]:
    """Return the default number of rows of a page, and the most."""
    maximum = embed.max_items or max(relations.max_embed_items, embed.limit or 0)
    return embed.limit or min(relations.default_limit, maximum), maximum
