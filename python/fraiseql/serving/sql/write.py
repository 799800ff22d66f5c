"""INSERT, UPDATE and DELETE statements, whose values are JSON."""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted from the catalog, values are
# parameters.

from collections.abc import Sequence
from typing import Final

from fraiseql.catalog import Relation
from fraiseql.catalog.picture import quote
from fraiseql.expressions import equals
from fraiseql.sql_names import fn, ty

_JSON: Final = f"::{ty('text')}::{ty('jsonb')}"


def insert_sql(
    relation: Relation, columns: Sequence[str], key: Sequence[str], conflict: str = ""
) -> str:
    """Return the statement that inserts rows, and returns their keys.

    Args:
        relation: The table.
        columns: Columns to write; each row is an object of ``$1``, a list.
        key: Columns to return.
        conflict: The clause ``ON CONFLICT``.
    """
    target = f"INSERT INTO {relation.sql} AS t0"
    listed = ", ".join(map(quote, columns))
    values = ", ".join(f"r.{quote(name)}" for name in columns)
    rows = f"SELECT {values} FROM {_records(relation, columns, 'r', 1)}"
    return f"{target} ({listed}) {rows}{conflict}{_returning(key)}"


def insert_default_sql(relation: Relation, key: Sequence[str]) -> str:
    """Return the statement that inserts a row of defaults, and returns its key."""
    return f"INSERT INTO {relation.sql} AS t0 DEFAULT VALUES{_returning(key)}"


def conflict_sql(target: Sequence[str], changed: Sequence[str]) -> str:
    """Return the clause that changes the row with the same unique columns.

    Args:
        target: The unique columns.
        changed: Columns to change; if there are none, the row stays as it is.
    """
    # The row is locked and returned even if nothing changes. Equal values may have other letters.
    pairs = [(name, "EXCLUDED") for name in changed] or [(name, "t0") for name in target]
    sets = ", ".join(f"{quote(name)} = {origin}.{quote(name)}" for name, origin in pairs)
    return f" ON CONFLICT ({', '.join(map(quote, target))}) DO UPDATE SET {sets}"


def update_sql(relation: Relation, columns: Sequence[str], key: Sequence[str]) -> str:
    """Return the statement that sets columns to those of ``$1`` in the rows with keys ``$2``."""
    sets = ", ".join(f"{quote(name)} = r.{quote(name)}" for name in columns)
    record = _records(relation, columns, "r", 1, function="jsonb_to_record")
    keys = _records(relation, key, "k", 2)
    where = _same_key(relation, key)
    rows = f"FROM {record}, {keys} WHERE {where}"
    return f"UPDATE {relation.sql} AS t0 SET {sets} {rows}{_returning(key)}"


def delete_sql(relation: Relation, key: Sequence[str]) -> str:
    """Return the statement that deletes the rows with keys ``$1``."""
    keys, where = _records(relation, key, "k", 1), _same_key(relation, key)
    return f"DELETE FROM {relation.sql} AS t0 USING {keys} WHERE {where}{_returning(key)}"


def lock_sql(relation: Relation, key: Sequence[str], condition: str, most: int) -> str:
    """Return the statement that locks rows in the order of their keys, which it returns.

    Args:
        relation: The table.
        key: Its key.
        condition: Condition of the rows of ``t0``.
        most: Most rows.
    """
    names = ", ".join(f"t0.{quote(name)}" for name in key)
    return (
        f"SELECT {names} FROM {relation.sql} AS t0 WHERE {condition}"
        f" ORDER BY {names} LIMIT {most} FOR UPDATE OF t0"
    )


def same_text_sql(relation: Relation, columns: Sequence[str]) -> str:
    """Return the statement of the places of rows with a text, in a list of rows.

    The list is ``$1``; the text of their values, with commas between, is ``$2``.

    Args:
        relation: The table.
        columns: Columns of the values.
    """
    elements = f"{fn('jsonb_array_elements')}($1{_JSON}) WITH ORDINALITY AS e(content, place)"
    # As a row of the table: with the lengths and scales of its columns.
    row = f"{fn('jsonb_populate_record')}(NULL::{relation.sql}, e.content) AS r"
    names = ", ".join(f"r.{quote(name)}" for name in columns)
    # As in the details of errors: the output of the type, which a cast to text may not be.
    text = f"{fn('format')}('{', '.join(['%s'] * len(columns))}', {names})"
    return (
        f"SELECT (e.place - 1)::{ty('int4')} AS place FROM {elements}, {row}"
        f" WHERE {text} = $2 ORDER BY 1"
    )


def call_sql(function: str, names: Sequence[str]) -> str:
    """Return the statement that calls a function with named arguments, and returns its rows.

    Args:
        function: Its name, with its schema or without.
        names: Names of the arguments, in the order of the parameters.
    """
    listed = ", ".join(f"{quote(name)} => ${place}" for place, name in enumerate(names, 1))
    called = ".".join(quote(part) for part in function.split("."))
    return f"SELECT * FROM {called}({listed}) AS f"


def _records(
    relation: Relation,
    columns: Sequence[str],
    alias: str,
    parameter: int,
    function: str = "jsonb_to_recordset",
) -> str:
    # Without modifiers, which the column has; the type of a domain, whose checks it has.
    typed = ", ".join(f"{quote(name)} {relation.columns[name].base_sql}" for name in columns)
    return f"{fn(function)}(${parameter}{_JSON}) AS {alias}({typed})"


def _same_key(relation: Relation, key: Sequence[str]) -> str:
    columns = relation.columns
    return " AND ".join(
        f"t0.{quote(name)} {equals(columns[name], columns[name])} k.{quote(name)}" for name in key
    )


def _returning(key: Sequence[str]) -> str:
    return " RETURNING " + ", ".join(f"t0.{quote(name)}" for name in key)
