"""SQL functions that recompute the documents of changed rows.

Steps: lock edges, deepest first, and after each find the rows above it; lock the documents;
recompute them in a snapshot younger than every lock. Two transactions that change one document
share a lock, and the second one sees the rows of the first one. All take locks in the same order.
"""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.caching.strategies.projection.capture import ISOLATION, message
from fraiseql.caching.strategies.projection.storing import one_by_one, upsert
from fraiseql.caching.strategies.projection.tree import (
    BY_INDEX,
    OWN_NAMES,
    SCHEMA,
    Node,
    Tree,
    columns,
)
from fraiseql.catalog.picture import quote

RENDERING = """\
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
SET xmlbinary = 'base64' SET row_security = off SET jit = off
SET plan_cache_mode = force_generic_plan"""
"""Settings that a document must not depend on; connections that read live set the same."""


def flush_function(tree: Tree) -> DatabaseObject:
    """Return the function that empties the transaction's queue and recomputes the documents."""
    name = tree.own("flush").sql
    edges = "".join(_lock_edge(tree, node) + _expand(tree, node) for node in tree.bottom_up)
    isolation = ISOLATION.format(owner=message(tree.spec.owner))
    body = f"{isolation}{_collect(tree)}{edges}{_documents(tree)}"
    create = f"""\
CREATE OR REPLACE FUNCTION {name}() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER {RENDERING} {BY_INDEX} AS $fraiseql$
{OWN_NAMES}
DECLARE
  everything boolean;
  keys bigint;
  written bigint;
  stored bigint;
{_variables(tree)}
BEGIN
{body}  RETURN fql.keys;
END $fraiseql$"""
    return private_function(
        f"{name}()",
        create,
        tree.own("queue").sql,
        tree.spec.table.sql,
        tree.spec.view.sql,
        owner=tree.spec.owner,
    )


def _variables(tree: Tree) -> str:
    return "\n".join(f"  {name} {kind}[];" for name, kind in tree.queued())


def _collect(tree: Tree) -> str:
    names = [name for name, _ in tree.queued()]
    sums = ",\n    ".join(
        f"coalesce(array_agg(q.{name}) FILTER (WHERE q.{name} IS NOT NULL), '{{}}')"
        for name in names
    )
    into = ", ".join(f"fql.{name}" for name in names)
    return f"""\
  -- [collect] and clear in one statement: what is queued later starts another flush
  WITH gone AS (
    DELETE FROM {tree.own("queue").sql} WHERE xid = pg_current_xact_id() RETURNING *
  )
  SELECT coalesce(bool_or(q.everything), false),
    {sums}
  INTO fql.everything, {into} FROM (SELECT DISTINCT everything, {", ".join(names)} FROM gone) q;
"""


def _unnested(names: tuple[str, ...]) -> str:
    """Return arrays, zipped, as a relation ``u(v0, …)``."""
    arrays = ", ".join(f"fql.{name}" for name in names)
    return f"unnest({arrays}) AS u({', '.join(f'v{place}' for place, _ in enumerate(names))})"


def _hashed(names: tuple[str, ...], seed: int, exclusive: bool) -> str:
    """Return a query for lock numbers, by the types' own hashes: equal keys share a lock."""
    values = ", ".join(f"u.v{place}" for place, _ in enumerate(names))
    mode = "true" if exclusive else "false"
    return f"SELECT 1, hash_record_extended(ROW({values}), {seed}), {mode} FROM {_unnested(names)}"


def _sorted_locks(seed: int, groups: list[str]) -> str:
    """Return a statement that takes the edge's shared lock, then each group's lock in order."""
    union = "\n      UNION ALL ".join([f"SELECT 0, '{seed}'::bigint, false", *groups])
    return f"""\
    PERFORM CASE WHEN l.exclusive THEN pg_advisory_xact_lock(l.number)
      ELSE pg_advisory_xact_lock_shared(l.number) END
    FROM (
      SELECT g.place, g.number, bool_or(g.exclusive) AS exclusive FROM (
      {union}
      ) AS g(place, number, exclusive) GROUP BY 1, 2 ORDER BY 1, 2 OFFSET 0
    ) AS l;
"""


def _lock_edge(tree: Tree, node: Node) -> str:
    """Serialize changes of referenced rows against changes of the rows that refer to them.

    A change of a referring row takes a shared lock, a change of the referenced row an exclusive
    one. A row lock cannot do this: the other transaction's row is not visible yet.
    """
    if tree.keyed_by_root(node):
        return ""
    changed = _hashed(node.changed_keys, tree.seed(node), exclusive=not node.many)
    referring = _hashed(node.new_refs, tree.seed(node), exclusive=node.many)
    count = f"cardinality(fql.{node.changed_keys[0]}) + cardinality(fql.{node.new_refs[0]})"
    return f"""\
  -- [lock edge {node.path}]
  IF {count} > {tree.spec.lock_limit} THEN
    PERFORM pg_advisory_xact_lock({tree.seed(node)});
  ELSIF {count} > 0 THEN
{_sorted_locks(tree.seed(node), [changed, referring])}  END IF;
"""


def _expand(tree: Tree, node: Node) -> str:
    """Find the parent rows, in a statement that sees the rows that the lock waited for."""
    parent = tree.nodes[node.parent or 0]
    if tree.keyed_by_root(node):
        pairs = dict(zip(node.outer, node.changed_keys, strict=True))
        moved = "".join(
            f"  fql.{target} := fql.{target} || fql.{pairs[name]};\n"
            for target, name in zip(parent.changed_keys, parent.inner, strict=True)
        )
        return f"  -- [expand {node.path}]\n{moved}"
    values = ", ".join(
        f"p.{quote(name)}::{kind} AS v{place}"
        for place, (name, kind) in enumerate(zip(parent.inner, parent.types, strict=True))
    )
    present = " AND ".join(f"p.{quote(name)} IS NOT NULL" for name in parent.inner)
    sums = ", ".join(
        f"fql.{name} || coalesce(array_agg(s.v{place}), '{{}}')"
        for place, name in enumerate(parent.changed_keys)
    )
    return f"""\
  -- [expand {node.path}]
  IF cardinality(fql.{node.changed_keys[0]}) > 0 THEN
    SELECT {sums}
    INTO {", ".join(f"fql.{name}" for name in parent.changed_keys)}
    FROM (
      SELECT DISTINCT {values} FROM {parent.table.name.sql} p
      WHERE {among("p", node.outer, node.changed_keys)} AND {present}
    ) AS s;
  END IF;
"""


def among(alias: str, names: tuple[str, ...], arrays: tuple[str, ...]) -> str:
    """Return the condition that columns equal the values at one position of the arrays."""
    if len(names) == 1:
        return f"{alias}.{quote(names[0])} = ANY (fql.{arrays[0]})"
    values = ", ".join(f"u.v{place}" for place, _ in enumerate(names))
    return f"({columns(alias, names)}) IN (SELECT {values} FROM {_unnested(arrays)})"


def _documents(tree: Tree) -> str:
    """Lock the documents, recompute them in a younger snapshot, delete those without a root."""
    spec, root = tree.spec, tree.root
    table, view = spec.table.sql, spec.view.sql
    seed = tree.seed(root)
    picked = ", ".join(f"array_agg(s.v{place})" for place, _ in enumerate(root.changed_keys))
    values = ", ".join(f"u.v{place}" for place, _ in enumerate(root.changed_keys))
    return f"""\
  -- [all documents] after TRUNCATE
  IF fql.everything THEN
    SELECT {picked} INTO {_into(root)} FROM (
      SELECT {columns("t", root.inner)} FROM {table} t
      UNION SELECT {columns("b", root.inner)} FROM {spec.root.name.sql} b
    ) AS s({_names(root)});
  ELSE
    SELECT {picked} INTO {_into(root)}
    FROM (SELECT DISTINCT {values} FROM {_unnested(root.changed_keys)}) AS s({_names(root)});
  END IF;
  fql.keys := coalesce(cardinality(fql.{root.changed_keys[0]}), 0);
  IF fql.keys = 0 THEN RETURN 0; END IF;
  -- [lock documents] a statement of its own: the recomputation's snapshot is younger
{_lock_rows(tree)}  GET DIAGNOSTICS written = ROW_COUNT;
  -- [lock absent documents] two first writers of one document have no row to meet at
  IF fql.written < fql.keys THEN
    IF fql.keys > {spec.lock_limit} THEN
      PERFORM pg_advisory_xact_lock({seed});
    ELSE
{_sorted_locks(seed, [_hashed(root.changed_keys, seed, exclusive=True)])}    END IF;
{_lock_rows(tree)}  END IF;
  -- [recompute] all of them, equal or not: a session that waited for a lock reads again in any case
  BEGIN
{upsert(tree, among("v", root.inner, root.changed_keys))}  GET DIAGNOSTICS written = ROW_COUNT;
{one_by_one(tree)}  END;
  -- [delete gone]
  IF fql.written < fql.keys THEN
    DELETE FROM {table} t WHERE {among("t", root.inner, root.changed_keys)}
      AND NOT EXISTS (SELECT FROM {view} v WHERE {_same("v", "t", root.inner)});
  END IF;
  -- [end]
"""


def _lock_rows(tree: Tree) -> str:
    root = tree.root
    return f"""\
  PERFORM FROM {tree.spec.table.sql} t WHERE {among("t", root.inner, root.changed_keys)}
    ORDER BY {columns("t", root.inner)} FOR NO KEY UPDATE;
"""


def _same(left: str, right: str, names: tuple[str, ...]) -> str:
    return " AND ".join(f"{left}.{quote(name)} = {right}.{quote(name)}" for name in names)


def _into(node: Node) -> str:
    return ", ".join(f"fql.{name}" for name in node.changed_keys)


def _names(node: Node) -> str:
    return ", ".join(f"v{place}" for place, _ in enumerate(node.changed_keys))


def process_queue_function(tree: Tree) -> DatabaseObject:
    """Return the function that claims queued changes, the oldest first, and flushes them.

    Several may run at once: each skips rows that another one has locked. Claimed changes are
    deleted in the transaction that writes the documents; after a rollback they are queued again.
    """
    queue, name = tree.own("queue").sql, tree.own("drain").sql
    create = f"""\
CREATE OR REPLACE FUNCTION {name}(fql_most integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_taken bigint;
BEGIN
  -- [claim]
  UPDATE {queue} q SET xid = pg_current_xact_id()
  FROM (SELECT o.ctid FROM {queue} o ORDER BY o.at LIMIT fql_most FOR UPDATE SKIP LOCKED) AS t
  WHERE q.ctid = t.ctid;
  GET DIAGNOSTICS fql_taken = ROW_COUNT;
  IF fql_taken > 0 THEN PERFORM {tree.own("flush").sql}(); END IF;
  RETURN fql_taken;
END $fraiseql$"""
    return private_function(
        f"{name}(integer)",
        create,
        SCHEMA,
        queue,
        f"{tree.own('flush').sql}()",
        owner=tree.spec.owner,
    )
