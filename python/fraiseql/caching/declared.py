"""Checks of stored types that need the schema and no database."""

from typing import Any

from fraiseql.errors import DeclarationError
from fraiseql.naming import suggestion
from fraiseql.schema import Schema
from fraiseql.schema.connections import row_named


def check_stored(schema: Schema) -> None:
    """Check the embeds and columns of stored types.

    Raises:
        DeclarationError: There is no such embedded field, or a field is read from another column.
    """
    for name, definition in schema.objects.items():
        stored = definition.stored
        for path in getattr(stored, "embeds", None) or ():
            _check_embed(schema, name, path)
        if stored is not None:
            _check_columns(schema, name, name, frozenset())


def _check_embed(schema: Schema, owner: str, path: str) -> None:
    type_name = owner
    for part in path.split("."):
        fields = {
            field.name: graphql_name
            for graphql_name, field in schema.fields.get(type_name, {}).items()
            if field.embed is not None and not field.embed.connection
        }
        if part not in fields:
            raise _refused(
                "UNKNOWN_EMBED",
                f"{owner} stores the embed {path!r}: {type_name} has no embedded field {part!r}."
                f"{suggestion(part, fields)}",
                f"Name one of: {', '.join(fields) or 'nothing (embeds=())'}.",
            )
        type_: Any = schema.graphql.type_map[type_name]
        type_name = row_named(type_.fields[fields[part]].type).name


def _check_columns(schema: Schema, owner: str, type_name: str, outer: frozenset[str]) -> None:
    """Refuse fields with ``column=`` in stored documents."""
    if type_name in outer:
        return
    for graphql_name, field in schema.fields.get(type_name, {}).items():
        if field.column is not None:
            raise _refused(
                "COLUMN_NOT_STORABLE",
                f"{owner} is stored, and {type_name}.{field.name} is read from the column"
                f" {field.column!r}: documents are made of columns with the names of fields.",
                "Rename the column, read the type through a view that renames it, or leave stored"
                " out.",
            )
        if field.embed is not None:
            type_: Any = schema.graphql.type_map[type_name]
            inner = row_named(type_.fields[graphql_name].type).name
            _check_columns(schema, owner, inner, outer | {type_name})


def _refused(code: str, message: str, hint: str) -> DeclarationError:
    return DeclarationError(message, hint=hint, code=code)
