"""Upkeep: building a projection under load, comparing it with its live view, and mending it."""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from fraiseql.caching.ddl.objects import DatabaseObject
from fraiseql.caching.strategies.projection.flush import RENDERING
from fraiseql.caching.strategies.projection.tree import SCHEMA, Node, Tree, columns
from fraiseql.catalog.picture import quote


def verify_function(tree: Tree) -> DatabaseObject:
    """Write the function that compares: one statement, so one snapshot for both sides.

    Documents are compared as text: as ``jsonb``, ``1.0`` and ``1.00`` are equal. The tables are
    locked before the snapshot is taken: a snapshot older than a TRUNCATE reads its table as empty.
    """
    spec, root = tree.spec, tree.root
    name = tree.own("verify").sql
    typed = ", ".join(f"{quote(column.name)} {column.type}" for column in spec.key)
    bases = dict.fromkeys(node.table.name.sql for node in tree.nodes)
    either = ", ".join(
        f"coalesce(t.{quote(key)}, v.{quote(key)})::{kind}"
        for key, kind in zip(root.inner, root.types, strict=True)
    )
    body = " OR t.body::text IS DISTINCT FROM v.data::text" if spec.text else ""
    same = " AND ".join(f"t.{quote(key)} = v.{quote(key)}" for key in root.inner)
    create = f"""\
CREATE OR REPLACE FUNCTION {name}() RETURNS TABLE ({typed}, kept jsonb, live jsonb)
LANGUAGE plpgsql {RENDERING} AS $fraiseql$
#variable_conflict use_column
BEGIN
  LOCK TABLE {", ".join(bases)} IN ACCESS SHARE MODE;
  RETURN QUERY SELECT {either}, t.data, v.data
  FROM {spec.table.sql} t FULL JOIN {spec.view.sql} v ON {same}
  WHERE t.data::text IS DISTINCT FROM v.data::text{body};
END $fraiseql$"""
    return _function(tree, f"{name}()", create, (spec.table.sql, spec.view.sql))


def repair_function(tree: Tree) -> DatabaseObject:
    """Write the function that recomputes what differs, under the locks that writers take."""
    name = tree.own("repair").sql
    keys = columns("d", tree.root.inner)
    create = f"""\
CREATE OR REPLACE FUNCTION {name}() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  INSERT INTO {tree.own("queue").sql} ({", ".join(tree.root.below)})
  SELECT {keys} FROM {tree.own("verify").sql}() d;
  RETURN {tree.own("flush").sql}();
END $fraiseql$"""
    needs = (f"{tree.own('verify').sql}()", f"{tree.own('flush').sql}()")
    return _function(tree, f"{name}()", create, needs)


def build_function(tree: Tree) -> DatabaseObject:
    """Write the function that makes the next range of documents that are not there yet.

    It is given the last key of the range before, null at first, and gives the last of its own.
    """
    spec, root = tree.spec, tree.root
    name = tree.own("build").sql
    given = ", ".join(f"INOUT last{place} {kind}" for place, kind in enumerate(root.types))
    types = ", ".join(root.types)
    last = ", ".join(f"last{place}" for place, _ in enumerate(root.types))
    keys = columns("b", root.inner)
    present = " AND ".join(f"t.{quote(key)} = b.{quote(key)}" for key in root.inner)
    backwards = ", ".join(f"s.v{place} DESC" for place, _ in enumerate(root.types))
    create = f"""\
CREATE OR REPLACE FUNCTION {name}({given})
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  WITH next AS (
    SELECT {keys} FROM {spec.root.name.sql} b
    WHERE (last0 IS NULL OR ({keys}) > ({last}))
      AND NOT EXISTS (SELECT FROM {spec.table.sql} t WHERE {present})
    ORDER BY {keys} LIMIT {spec.lock_limit}
  ), queued AS (
    INSERT INTO {tree.own("queue").sql} ({", ".join(root.below)})
    SELECT * FROM next RETURNING {", ".join(root.below)}
  )
  SELECT {_values(root)} INTO {last} FROM queued s({_values(root, "")})
  ORDER BY {backwards} LIMIT 1;
  PERFORM {tree.own("flush").sql}();
END $fraiseql$"""
    needs = (f"{tree.own('flush').sql}()",)
    return _function(tree, f"{name}({types})", create, needs)


def backfill(tree: Tree, triggers: tuple[str, ...]) -> DatabaseObject:
    """Write the building: range after range, each committed, going on where it was broken off.

    It runs after the triggers are there. What a writer makes meanwhile is right already, since
    building and writing lock, compute and store by the same function.
    """
    root = tree.root
    places = range(len(root.types))
    declared = " ".join(f"last{place} {kind};" for place, kind in enumerate(root.types))
    last = ", ".join(f"last{place}" for place in places)
    create = f"""\
DO $fraiseql$
DECLARE {declared}
BEGIN
  LOOP
    SELECT * INTO {last} FROM {tree.own("build").sql}({last});
    COMMIT;
    EXIT WHEN last0 IS NULL;
  END LOOP;
END $fraiseql$"""
    return DatabaseObject(
        kind="data",
        name=f"rows of {tree.spec.table.sql}",
        create=(create,),
        owner=tree.spec.owner,
        needs=(f"{tree.own('build').sql}({', '.join(root.types)})", *triggers),
        transactional=False,
        lock=f"rows of {tree.spec.table.sql}, a range at a time",
    )


def _values(node: Node, prefix: str = "s.") -> str:
    return ", ".join(f"{prefix}v{place}" for place, _ in enumerate(node.types))


def _function(tree: Tree, name: str, create: str, needs: tuple[str, ...]) -> DatabaseObject:
    return DatabaseObject(
        kind="function",
        name=name,
        create=(create, f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC"),
        drop=(f"DROP FUNCTION IF EXISTS {name}",),
        owner=tree.spec.owner,
        needs=(SCHEMA, *needs),
        replaces=True,
    )
