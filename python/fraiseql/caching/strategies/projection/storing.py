"""Storing: how a flush writes documents, and what it writes of those that are too large.

A document beyond ``max_bytes``, or beyond what PostgreSQL can make, is stored as absent: the JSON
``null``, which no document is. Readers answer it live, and its writer does not fail.
"""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from typing import Final

from fraiseql.caching.strategies.projection.tree import Tree, columns
from fraiseql.catalog.picture import quote

ABSENT: Final = "'null'::jsonb"

# Memory that cannot be had at once has the code of an internal error.
_TOO_LARGE: Final = """\
  WHEN program_limit_exceeded OR out_of_memory OR internal_error THEN
    IF SQLSTATE = 'XX000' AND SQLERRM NOT LIKE 'invalid memory alloc%' THEN RAISE; END IF;
"""


def upsert(tree: Tree, condition: str) -> str:
    """Write the statement that computes and stores documents of ``v``, the live view."""
    spec, root = tree.spec, tree.root
    keys = ", ".join(quote(name) for name in root.inner)
    body, value = (", body", ", v.data::text::json") if spec.text else ("", "")
    source = f"{spec.view.sql} v"
    if spec.max_bytes is not None:
        data = f"CASE WHEN pg_column_size(v.data) > {spec.max_bytes} THEN {ABSENT} ELSE v.data END"
        # OFFSET 0: each document is computed once.
        computed = f"SELECT {columns('v', root.inner)}, v.data FROM {source} WHERE {condition}"
        source = (
            f"(SELECT {columns('v', root.inner)}, {data} AS data FROM ({computed} OFFSET 0) v"
            " OFFSET 0) v"
        )
        condition = "true"
    return f"""\
  INSERT INTO {spec.table.sql} ({keys}, data{body})
  SELECT {columns("v", root.inner)}, v.data{value} FROM {source}
  WHERE {condition}
  ON CONFLICT ({keys}) DO UPDATE SET {_renewed(tree)};
"""


def one_by_one(tree: Tree) -> str:
    """Write what is done when one of the documents cannot be made: each by itself."""
    spec, root = tree.spec, tree.root
    keys = ", ".join(quote(name) for name in root.inner)
    own = [f"fql.{name}[fql_each.place]" for name in root.changed_keys]
    pairs = zip(root.inner, own, strict=True)
    condition = " AND ".join(f"v.{quote(name)} = {value}" for name, value in pairs)
    body, absent = (", body", ", 'null'::json") if spec.text else ("", "")
    return f"""\
  EXCEPTION
{_TOO_LARGE}    fql.written := 0;
    <<fql_each>> FOR place IN 1 .. fql.keys LOOP
      BEGIN
{upsert(tree, condition)}      GET DIAGNOSTICS stored = ROW_COUNT;
      EXCEPTION
{_TOO_LARGE}        INSERT INTO {spec.table.sql} ({keys}, data{body})
        VALUES ({", ".join(own)}, {ABSENT}{absent})
        ON CONFLICT ({keys}) DO UPDATE SET {_renewed(tree)};
        fql.stored := 1;
      END;
      fql.written := fql.written + fql.stored;
    END LOOP;
"""


def _renewed(tree: Tree) -> str:
    body = ", body = excluded.body" if tree.spec.text else ""
    return f"data = excluded.data{body}"
