"""SQL that stores computed documents, and marks those too large as absent.

A document larger than ``max_bytes``, or than PostgreSQL allows, is stored as absent: the JSON
``null``, which no document is. It is answered live, and the transaction that changed it succeeds.
"""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from typing import Final

from fraiseql.caching.strategies.projection.tree import Tree, columns
from fraiseql.catalog.picture import quote

ABSENT: Final = "'null'::jsonb"

# A too large allocation has the code of an internal error.
_TOO_LARGE: Final = """\
  WHEN program_limit_exceeded OR out_of_memory OR internal_error THEN
    IF SQLSTATE = 'XX000' AND SQLERRM NOT LIKE 'invalid memory alloc%' THEN RAISE; END IF;
"""


def upsert(tree: Tree, condition: str) -> str:
    """Return the statement that computes and stores documents of ``v``, the live view."""
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
  ON CONFLICT ({keys}) DO UPDATE SET {_assignments(tree)};
"""


def one_by_one(tree: Tree) -> str:
    """Return SQL that stores the documents one by one, after storing them together failed."""
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
        ON CONFLICT ({keys}) DO UPDATE SET {_assignments(tree)};
        fql.stored := 1;
      END;
      fql.written := fql.written + fql.stored;
    END LOOP;
"""


def _assignments(tree: Tree) -> str:
    body = ", body = excluded.body" if tree.spec.text else ""
    return f"data = excluded.data{body}"
