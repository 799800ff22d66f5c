"""``nodes``: root fields that answer any object by its global id."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from enum import Enum
from typing import Any, Final, Optional

from fraiseql.errors import DeclarationError
from fraiseql.schema import declare
from fraiseql.schema.definitions import (
    ATTRIBUTE,
    ArgumentDefinition,
    ComputedField,
    FieldDefinition,
    NodeTypes,
    ObjectDefinition,
    QueryDefinition,
)
from fraiseql.schema.leaves import ID
from fraiseql.schema.members import field
from fraiseql.schema.options import check_options

_NAME: Final = "node_id"
_TEXT: Final = "Global id: names the object among those of all types."


def nodes(
    *types: type, global_id: str = "nodeId", max_ids: int = 100
) -> tuple[QueryDefinition, QueryDefinition]:
    """Declare root fields ``node`` and ``nodes``, which answer objects by their global ids.

    The types implement the interface ``Node``: they get a field with the global id, which contains
    the type and the key. Relay's compiler expects ``global_id="id"``; a field of that name then
    needs another one: ``id: int = fraiseql.field(name="rowId")``.

    Args:
        *types: Declared types with ``sql_source`` and the fields of their ``key`` (``id`` when it
            is left out).
        global_id: GraphQL name of the field and of the argument.
        max_ids: Most ids of ``nodes``.

    Returns:
        Both fields: ``queries=[*fraiseql.nodes(User, Post)]``.

    Raises:
        DeclarationError: A type has no ``sql_source``, or no field for its key.

    Example:
        >>> import fraiseql
        >>> @fraiseql.type(sql_source="users")
        ... class User:
        ...     id: int
        >>> [query.graphql_name for query in fraiseql.nodes(User)]
        ['node', 'nodes']
    """
    check_options("fraiseql.nodes", {"name": global_id})
    for each in types:
        _check_type(each)
    members = {
        "__annotations__": {_NAME: ID},
        _NAME: field(name=global_id, description=_TEXT),
        "__doc__": "An object with a global id.",
    }
    interface: Any = declare.interface(name="Node")(type("Node", (), members))
    setattr(interface, ATTRIBUTE, replace(vars(interface)[ATTRIBUTE], separate=True))
    kinds = NodeTypes(types, interface, global_id, max_ids)
    maybe = Optional[interface]  # noqa: UP045 - the hint is a value here
    one = ArgumentDefinition(_NAME, global_id, ID, description=_TEXT)
    several = ArgumentDefinition("node_ids", f"{global_id}s", list[ID], description="Global ids.")
    return (
        QueryDefinition(
            "node",
            "node",
            maybe,
            (one,),
            description="The object with a global id, or null.",
            takes_info=False,
            nodes=kinds,
        ),
        QueryDefinition(
            "nodes",
            "nodes",
            list[maybe],
            (several,),
            description=f"The objects with these global ids, in their order; at most {max_ids}.",
            takes_info=False,
            nodes=kinds,
        ),
    )


def _check_type(each: Any) -> None:
    definition = vars(each).get(ATTRIBUTE) if isinstance(each, type) else None
    if not isinstance(definition, ObjectDefinition) or definition.sql_source is None:
        raise DeclarationError(
            f"fraiseql.nodes has {each!r}, which is no type with a sql_source.",
            hint='Name classes declared with @fraiseql.type(sql_source="…").',
        )
    for name in node_key(definition):
        entry = definition.fields.get(name)
        if entry is None or entry.embed is not None or entry.computed is not None:
            raise DeclarationError(
                f"fraiseql.nodes has {each.__name__}, which has no stored field {name!r}.",
                hint="A global id contains the key: declare its fields, or name others with key=.",
            )


def node_key(definition: ObjectDefinition) -> tuple[str, ...]:
    """Return the fields whose values are in a global id."""
    return definition.key or ("id",)


def with_node(definition: Any, kinds: NodeTypes | None) -> Any:
    """Return the definition of a class with its global id, if it has one."""
    if kinds is None or not isinstance(definition, ObjectDefinition):
        return definition
    if _NAME in definition.fields:
        raise DeclarationError(
            f"{definition.name}.{_NAME} has the name of the global id that fraiseql.nodes adds.",
            hint="Give the field another name.",
        )
    key = node_key(definition)
    encoder = _encoder(definition.name, key)
    computed = ComputedField(encoder, needs=key, takes_info=False, all_times=True)
    entry = FieldDefinition(_NAME, kinds.graphql_name, ID, description=_TEXT, computed=computed)
    return replace(
        definition,
        fields={_NAME: entry, **definition.fields},
        interfaces=(*definition.interfaces, kinds.interface),
    )


def _encoder(type_name: str, key: tuple[str, ...]) -> Callable[[Any], str]:
    def global_id(self: Any) -> str:
        return encode_id(type_name, [getattr(self, name) for name in key])

    return global_id


def encode_id(type_name: str, values: list[Any]) -> str:
    """Return the global id of the object with a key."""
    text = json.dumps([type_name, *map(_plain, values)], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, str | int | float | None):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value)
