"""Errors of writes for clients, with the place in the input."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLInputType, get_named_type

from fraiseql.database import Pool
from fraiseql.errors import FraiseQLError, InputError, sqlstate_of
from fraiseql.schema import Schema, WriteError, WriteRefused
from fraiseql.schema.filters import GENERATED
from fraiseql.sql_files import load_sql
from fraiseql.usual_hints import HINTS

CODES: Final[Mapping[str, str]] = {
    "23505": "UNIQUE_VIOLATION",
    "23503": "FOREIGN_KEY_VIOLATION",
    "23001": "FOREIGN_KEY_VIOLATION",
    "23502": "NOT_NULL_VIOLATION",
    "23514": "CHECK_VIOLATION",
    "23P01": "EXCLUSION_VIOLATION",
    "22001": "VALUE_TOO_LONG",
    "P0001": "RAISE_EXCEPTION",
    "40001": "SERIALIZATION_FAILURE",
    "40P01": "SERIALIZATION_FAILURE",
}
"""Codes of errors by SQLSTATE."""

CONFLICTS: Final = frozenset({"40001", "40P01"})
"""SQLSTATEs after which the same transaction may succeed."""

_MESSAGES: Final[Mapping[str, str]] = {
    "UNIQUE_VIOLATION": "A row with the same {columns} exists.",
    "FOREIGN_KEY_VIOLATION": "{columns} would refer to a row that does not exist.",
    "NOT_NULL_VIOLATION": "{columns} must have a value.",
    "CHECK_VIOLATION": "A check of the database refused the value of {columns}.",
    "EXCLUSION_VIOLATION": "A row that excludes this value of {columns} exists.",
    "VALUE_TOO_LONG": "A text is too long for its column.",
    "SERIALIZATION_FAILURE": "The transaction met a concurrent change.",
}
_REFERRED: Final = "Another row refers to this one by {columns}."
_HINTS: Final[Mapping[str, str]] = {
    "SERIALIZATION_FAILURE": "Send the operation again.",
    _REFERRED: "Delete or change the other row first.",
}
_KEY: Final = re.compile(r"[^(]*\((.*?)\)=\(")
"""Columns in the detail of an error, in each language of PostgreSQL."""
_RESTRICTED: Final = "23001"
_DEEPEST: Final = 4
"""Levels of input objects in which a column is searched."""

_CONSTRAINT: Final = load_sql(__name__)["constraint"].text


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint that refused a write: its columns, and the developer's text about it."""

    columns: Sequence[str] = ()
    comment: str | None = None


async def for_client(
    pool: Pool, error: Exception, field: GraphQLField | None, schema: Schema
) -> Exception:
    """Return the error of a failed write as the client sees it.

    Args:
        pool: Connections, to look the constraint up.
        error: The error of a mutation.
        field: The field in the schema.
        schema: The declarations.
    """
    cause: Any = error.__cause__
    code = CODES.get(sqlstate_of(error)) if isinstance(error, FraiseQLError) else None
    if code is None:
        if isinstance(error, InputError) and error.place:
            error.path = error.place
        return error
    constraint = await constraint_of(pool, cause)
    referred = code == "FOREIGN_KEY_VIOLATION" and is_referred(cause, constraint.columns)
    if code == "RAISE_EXCEPTION":
        message, hint = str(cause.message), cause.hint or ""
    else:
        columns = ", ".join(constraint.columns) or "a column"
        usual = _REFERRED if referred else _MESSAGES[code]
        message = constraint.comment or usual.format(columns=columns)
        hint = _HINTS.get(usual if referred else code, "")
    path: tuple[str | int, ...] = ()
    # The columns of another row are not in the input.
    if field is not None and not referred:
        path = input_path(field, constraint.columns, schema)
    # The index of the row is after the argument.
    path = (*error.place, *path[1:]) if error.place else path  # type: ignore[attr-defined]
    return InputError(message, hint=hint, code=code, path=path)


def is_referred(cause: Any, columns: Sequence[str]) -> bool:
    """Return whether a foreign key refused to change or delete a row that another refers to."""
    if cause.sqlstate == _RESTRICTED or "still referenced" in (cause.detail or ""):
        return True
    # Then the detail has the columns of the row itself, not those of the foreign key.
    key = _KEY.match(cause.detail or "")
    return key is not None and bool(columns) and key[1].replace('"', "") != ", ".join(columns)


def refused(errors: Sequence[Exception]) -> WriteRefused:
    """Return errors of a client as data."""
    return WriteRefused(errors=[_data(error) for error in errors])


def _data(error: Exception) -> WriteError:
    path = error.path if isinstance(error, InputError) else ()
    shown = error if isinstance(error, FraiseQLError) else FraiseQLError(str(error))
    return WriteError(
        code=shown.code,
        message=shown.message,
        hint=shown.hint or HINTS.get(shown.code),
        input=[str(step) for step in path],
    )


async def constraint_of(pool: Pool, cause: Any) -> Constraint:
    """Return the constraint that an error of PostgreSQL names; empty if it is not known."""
    table, name = cause.table_name, cause.constraint_name
    if table and name:
        # Without the catalog's words, the error is shown with the usual ones.
        with suppress(FraiseQLError):
            for row in await pool.inspect(_CONSTRAINT, [cause.schema_name, table, name]):
                return Constraint(row["columns"], row["comment"])
    return Constraint((cause.column_name,) if cause.column_name else ())


def input_path(field: GraphQLField, columns: Sequence[str], schema: Schema) -> tuple[str, ...]:
    """Return the path of the argument or input field of a column; empty if there is none.

    Args:
        field: A mutation.
        columns: Names of columns; the path is that of the first one that the input has.
        schema: The declarations, which may rename columns.
    """
    returned = schema.fields.get(get_named_type(field.type).name, {})
    arguments = {name: (entry.out_name or name, entry.type) for name, entry in field.args.items()}
    for column in columns:
        names = {column, *[entry.name for entry in returned.values() if entry.column == column]}
        for level in range(_DEEPEST):
            for path in _paths(arguments, names, level):
                return path
    return ()


def _paths(
    entries: Mapping[str, tuple[str, GraphQLInputType]], names: Collection[str], level: int
) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the fields with these Python names, ``level`` objects below."""
    for name, (own, type_) in entries.items():
        if level == 0:
            if own in names:
                yield (name,)
            continue
        named = get_named_type(type_)
        # A filter has the old values.
        if isinstance(named, GraphQLInputObjectType) and GENERATED not in named.extensions:
            below = {key: (f.out_name or key, f.type) for key, f in named.fields.items()}
            for path in _paths(below, names, level - 1):
                yield (name, *path)
