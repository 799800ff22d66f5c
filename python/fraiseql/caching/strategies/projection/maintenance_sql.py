"""SQL that builds, compares and repairs a projection."""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from fraiseql.caching.dependencies.recorded import fingerprint_name
from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.caching.strategies.compare import SHOWN
from fraiseql.caching.strategies.projection.flush import RENDERING
from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.storing import ABSENT
from fraiseql.caching.strategies.projection.tables import BUILDING, BUILT, NEW
from fraiseql.caching.strategies.projection.tree import OWN_NAMES, SCHEMA, Node, Tree, columns
from fraiseql.catalog.picture import quote
from fraiseql.expressions import literal


def build_function(tree: Tree) -> DatabaseObject:
    """Return the function that builds the next batch of missing documents.

    Its parameters are the last key of the batch before, null at first; it returns its own last key.
    """
    spec, root = tree.spec, tree.root
    name = tree.own("build").sql
    keys = columns("b", root.inner)
    same_key = " AND ".join(f"t.{quote(key)} = b.{quote(key)}" for key in root.inner)
    create = f"""\
CREATE OR REPLACE FUNCTION {name}({_last_parameters(root)})
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
{OWN_NAMES}
DECLARE {_copied(root)}
BEGIN
  WITH next AS (
    SELECT {keys} FROM {spec.root.name.sql} b
    WHERE {_beyond(root)}
      AND NOT EXISTS (SELECT FROM {spec.table.sql} t WHERE {same_key})
    ORDER BY {keys} LIMIT {spec.lock_limit}
  ), queued AS (
    INSERT INTO {tree.own("queue").sql} ({", ".join(root.changed_keys)})
    SELECT * FROM next RETURNING {", ".join(root.changed_keys)}
  )
  SELECT {_values(root)} INTO {_last(root)} FROM queued s({_values(root, "")})
  ORDER BY {_backwards(root)} LIMIT 1;
  PERFORM {tree.own("flush").sql}();
END $fraiseql$"""
    needs = (f"{tree.own('flush').sql}()",)
    return _function(tree, f"{name}({', '.join(root.types)})", create, needs)


def repair_batch_function(tree: Tree) -> DatabaseObject:
    """Return the function that recomputes the differing documents of the next batch.

    It is called like the one that builds, and returns the number of documents too. Its first call
    also takes documents whose row is gone.
    """
    spec, root = tree.spec, tree.root
    name = tree.own("mend").sql
    table, queued_keys = spec.table.sql, ", ".join(root.changed_keys)
    body = " OR t.body::text IS DISTINCT FROM v.data::text" if spec.text else ""
    create = f"""\
CREATE OR REPLACE FUNCTION {name}({_last_parameters(root)}, OUT fql_mended bigint)
LANGUAGE plpgsql {RENDERING} AS $fraiseql$
{OWN_NAMES}
DECLARE {_copied(root)}
BEGIN
  IF fql.after0 IS NULL THEN
    INSERT INTO {tree.own("queue").sql} ({queued_keys}) SELECT {columns("t", root.inner)}
    FROM {table} t WHERE NOT EXISTS (SELECT FROM {spec.root.name.sql} b WHERE {_same("b", root)});
  END IF;
  WITH batch AS MATERIALIZED (
    SELECT {columns("b", root.inner)} FROM {spec.root.name.sql} b
    WHERE {_beyond(root)} ORDER BY {columns("b", root.inner)} LIMIT {spec.lock_limit}
  ), queued AS (
    INSERT INTO {tree.own("queue").sql} ({queued_keys})
    SELECT {_values(root)} FROM batch s({_values(root, "")})
    LEFT JOIN {table} t ON {_is("t", root)}
    -- OFFSET 0: looked up for each key, whatever the planner thinks of the whole view.
    LEFT JOIN LATERAL (SELECT v.data FROM {spec.view.sql} v
      WHERE {_is("v", root)} AND t.data IS DISTINCT FROM {ABSENT} OFFSET 0) v ON true
    WHERE t.data IS DISTINCT FROM {ABSENT} AND (t.data::text IS DISTINCT FROM v.data::text{body})
  )
  SELECT {_values(root)} INTO {_last(root)} FROM batch s({_values(root, "")})
  ORDER BY {_backwards(root)} LIMIT 1;
  fql_mended := {tree.own("flush").sql}();
END $fraiseql$"""
    needs = (f"{tree.own('flush').sql}()",)
    return _function(tree, f"{name}({', '.join(root.types)})", create, needs)


def start(tree: Tree, triggers: tuple[str, ...]) -> DatabaseObject:
    """Return the step between creating the triggers and building the documents.

    A document written before all triggers existed may be wrong: the first build removes all
    documents. A later build waits for the transactions that wrote them, so that the comparison
    sees their rows. Either lock is granted only after every such transaction has ended.
    """
    table = tree.spec.table.sql
    create = f"""\
DO $fraiseql$ BEGIN
  IF {_state(tree)} IN ('{NEW}', '{BUILDING}') THEN
    TRUNCATE {table};
    COMMENT ON TABLE {table} IS '{BUILDING}';
  ELSE
    LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
  END IF;
END $fraiseql$"""
    return DatabaseObject(
        kind="data",
        name=f"start of {table}",
        create=(create,),
        owner=tree.spec.owner,
        needs=(table, fingerprint_name(table), *triggers),
        lock=f"ACCESS EXCLUSIVE on {table} for an instant; waits for its writers",
    )


def backfill(tree: Tree) -> DatabaseObject:
    """Return the backfill: batch after batch, each committed, resumed after an interruption.

    It runs once the triggers exist. Documents that concurrent transactions write are right, since
    they and the backfill lock, compute and store by the same function. Documents of an earlier
    build are compared, and recomputed where they differ.
    """
    root = tree.root
    declared = " ".join(f"fql_last{place} {kind};" for place, kind in enumerate(root.types))
    table, last = tree.spec.table.sql, _last(root)
    create = f"""\
-- partitions: {tree.spec.parts or "none"}
DO $fraiseql$
DECLARE {declared} fql_new boolean := {_state(tree)} IN ('{NEW}', '{BUILDING}');
BEGIN
  LOOP
    IF fql_new THEN
      SELECT {_lasts(root)} INTO {last} FROM {tree.own("build").sql}({last}) m;
    ELSE
      SELECT {_lasts(root)} INTO {last} FROM {tree.own("mend").sql}({last}) m;
    END IF;
    COMMIT;
    EXIT WHEN fql_last0 IS NULL;
  END LOOP;
  COMMENT ON TABLE {table} IS '{BUILT}';
END $fraiseql$"""
    types = ", ".join(root.types)
    return DatabaseObject(
        kind="data",
        name=f"rows of {table}",
        create=(create, f"ANALYZE {table}"),
        owner=tree.spec.owner,
        needs=(
            f"{tree.own('build').sql}({types})",
            f"{tree.own('mend').sql}({types})",
            f"start of {table}",
        ),
        transactional=False,
        lock=f"rows of {table}, a batch at a time",
    )


def _state(tree: Tree) -> str:
    name = literal(tree.spec.table.sql)
    return f"coalesce(pg_catalog.obj_description({name}::pg_catalog.regclass, 'pg_class'), '')"


def _last_parameters(root: Node) -> str:
    return ", ".join(f"INOUT fql_last{place} {kind}" for place, kind in enumerate(root.types))


def _last(root: Node) -> str:
    return ", ".join(f"fql_last{place}" for place, _ in enumerate(root.types))


def _lasts(root: Node) -> str:
    return ", ".join(f"m.fql_last{place}" for place, _ in enumerate(root.types))


def _beyond(root: Node) -> str:
    after = ", ".join(f"fql.after{place}" for place, _ in enumerate(root.types))
    return f"(fql.after0 IS NULL OR ({columns('b', root.inner)}) > ({after}))"


def _copied(root: Node) -> str:
    """Declare the last key of the batch before: parameters have no short label."""
    return " ".join(
        f"after{place} {kind} := fql_last{place};" for place, kind in enumerate(root.types)
    )


def _backwards(root: Node) -> str:
    return ", ".join(f"s.v{place} DESC" for place, _ in enumerate(root.types))


def _is(row: str, root: Node) -> str:
    """Return the condition that a row has the key of the row ``s``."""
    return " AND ".join(f"{row}.{quote(key)} = s.v{n}" for n, key in enumerate(root.inner))


def _same(row: str, root: Node) -> str:
    return " AND ".join(f"{row}.{quote(key)} = t.{quote(key)}" for key in root.inner)


def _values(node: Node, prefix: str = "s.") -> str:
    return ", ".join(f"{prefix}v{place}" for place, _ in enumerate(node.types))


def _function(tree: Tree, name: str, create: str, needs: tuple[str, ...]) -> DatabaseObject:
    return private_function(name, create, SCHEMA, *needs, owner=tree.spec.owner)


_SEED = 42
_ALL = 100


def comparison(spec: ProjectionSpec, sample: float) -> str:
    """Return the query for the numbers of documents, and the first that differ."""
    tree = Tree.of(spec)
    part = "" if sample >= _ALL else f" TABLESAMPLE BERNOULLI ({sample}) REPEATABLE ({_SEED})"
    names = tree.root.inner
    own = ", ".join(f"v{place}" for place, _ in enumerate(names))
    is_ = {
        row: " AND ".join(f"{row}.{quote(name)} = k.v{n}" for n, name in enumerate(names))
        for row in ("t", "v")
    }
    key = " || ', ' || ".join(
        f"{literal(f'{name}=')} || k.v{place}::text" for place, name in enumerate(names)
    )
    # Serving shows the body if the projection has one.
    stored = "t.body::text" if spec.text else "t.data::text"
    return f"""\
WITH keys({own}) AS MATERIALIZED (
  SELECT {columns("t", names)} FROM {spec.table.sql} t{part}
  UNION SELECT {columns("b", names)} FROM {spec.root.name.sql} b{part}
), unequal AS MATERIALIZED (
  SELECT {key} AS key, k.*, {stored} AS stored, v.data::text AS live
  FROM keys k
  LEFT JOIN {spec.table.sql} t ON {is_["t"]}
  LEFT JOIN LATERAL (SELECT v.data FROM {spec.view.sql} v
    WHERE {is_["v"]} AND t.data IS DISTINCT FROM {ABSENT} OFFSET 0) v ON true
  WHERE t.data IS DISTINCT FROM {ABSENT}
    AND ({stored} IS DISTINCT FROM v.data::text{_data_too(spec)})
)
SELECT (SELECT count(*) FROM keys) AS compared, (SELECT count(*) FROM unequal) AS differing, f.*
FROM (SELECT) AS single LEFT JOIN (SELECT * FROM unequal ORDER BY {own} LIMIT {SHOWN}) f ON true"""


def _data_too(spec: ProjectionSpec) -> str:
    return " OR t.data::text IS DISTINCT FROM v.data::text" if spec.text else ""


def repair_next_batch(tree: Tree) -> str:
    """Return the query that repairs a batch; its result is the number of documents and a key.

    The key is the last one of the batch. Its parameters are the last key of the batch before, as
    texts; all null begins.
    """
    last = ", ".join(f"m.fql_last{place}::text" for place, _ in enumerate(tree.root.types))
    after = ", ".join(f"${place}::text::{kind}" for place, kind in enumerate(tree.root.types, 1))
    return f"SELECT m.fql_mended, {last} FROM {tree.own('mend').sql}({after}) m"
