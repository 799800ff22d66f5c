"""Estimates of how many documents a change of one row affects."""
# ruff: noqa: S608 - identifiers are quoted, numbers are the module's own

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, prod
from typing import Any, Final

from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.caching.strategies.projection.inspection import TableMap
from fraiseql.caching.strategies.projection.spec import ProjectionSpec, Qualified
from fraiseql.caching.strategies.projection.tree import Node, Tree, columns
from fraiseql.database import Pool
from fraiseql.expressions import literal

_COUNTED: Final = 64_000_000
"""Table size up to which values are counted; beyond it PostgreSQL's statistics are used."""

_ROWS: Final = 1_000_000
"""Most rows that are counted of a larger table without statistics."""


@dataclass(frozen=True, slots=True)
class FanOut:
    """The number of documents that a change of one row may affect.

    Attributes:
        path: Dotted embeds that lead to the row's node.
        table: Its table, quoted.
        documents: Most documents that contain one row.
        factors: The factors of that number, in words.
    """

    path: str
    table: str
    documents: int
    factors: str


async def measure_fan_outs(spec: ProjectionSpec, inspection: TableMap, pool: Pool) -> list[FanOut]:
    """Measure every node below the root whose rows may be part of several documents.

    Raises:
        DatabaseError: A table cannot be read.
    """
    tree = Tree.of(spec)
    most = {node.number: await _most(tree, node, inspection, pool) for node in tree.nodes[1:]}
    roots = await _number(spec.root.name, pool)
    fan_outs = []
    for node in tree.nodes[1:]:
        edges = [edge for edge in _edges_to_root(tree, node) if most[edge.number] > 1]
        documents = prod(most[edge.number] for edge in edges)
        if edges:
            factors = " times ".join(f"{most[edge.number]:,} by {edge.path}" for edge in edges)
            least = min(documents, roots) if roots is not None else documents
            fan_outs.append(FanOut(node.path, node.table.name.sql, least, factors))
    return fan_outs


def too_many(stored_type: StoredType, fan_outs: list[FanOut]) -> Iterator[Violation]:
    """Refuse nodes whose rows are part of more documents than the declared budget."""
    for fan_out in fan_outs:
        if fan_out.documents > stored_type.stored.budget:
            yield Violation(
                "FAN_OUT",
                f"{stored_type.type_name}.{fan_out.path}",
                f"one change of a row of {fan_out.table} may affect {fan_out.documents:,} documents"
                f" ({fan_out.factors}); the budget is {stored_type.stored.budget:,}.",
                f"Leave {fan_out.path!r} out of embeds=(…): it is then joined on each read; or"
                f' set mode="async"; or raise the budget: Projection(budget={fan_out.documents}).',
                create_only=True,
            )


def _edges_to_root(tree: Tree, node: Node) -> Iterator[Node]:
    """Yield the edges from a node to the root that lead to other rows."""
    while node.parent is not None:
        parent = tree.nodes[node.parent]
        if _turns_back(tree, node, parent):
            node = tree.nodes[parent.parent or 0]
            continue
        yield node
        node = parent


def _turns_back(tree: Tree, node: Node, parent: Node) -> bool:
    """Return whether a row is the one that embeds its parent, as in an author's posts' author."""
    if node.many or not parent.many or parent.parent is None:
        return False
    grandparent = tree.nodes[parent.parent]
    down = {(pair.inner, pair.outer) for pair in parent.join}
    up = {(pair.outer, pair.inner) for pair in node.join}
    return grandparent.table.name == node.table.name and down == up


async def _most(tree: Tree, node: Node, inspection: TableMap, pool: Pool) -> int:
    """Return the most rows of the parent that refer to one row."""
    parent = tree.nodes[node.parent or 0].table.name
    if inspection[parent].unique(node.outer):
        return 1
    if len(node.outer) == 1:
        estimate = await _by_statistics(parent, node.outer[0], pool)
        if estimate is not None:
            return estimate
    return await _by_count(parent, node.outer, pool)


async def _by_statistics(table: Qualified, column: str, pool: Pool) -> int | None:
    """Return the rows with the most frequent value; None if they should be counted."""
    query = f"""\
SELECT c.reltuples AS rows, s.most_common_freqs[1] AS most, s.n_distinct AS values,
  s.null_frac AS nulls
FROM pg_class c LEFT JOIN pg_stats s ON s.schemaname = {literal(table.schema)}
  AND s.tablename = {literal(table.name)} AND s.attname = {literal(column)}
  AND s.inherited = (c.relkind = 'p')
WHERE c.oid = to_regclass({literal(table.sql)}) AND {_SIZE} > {_COUNTED}"""
    rows: list[Any] = await pool.inspect(query)
    if not rows or rows[0]["rows"] < 0 or rows[0]["values"] is None:
        return None
    row = rows[0]
    distinct = row["values"] if row["values"] > 0 else -row["values"] * row["rows"]
    share = row["most"] or (1 - row["nulls"]) / max(distinct, 1)
    return max(1, ceil(float(row["rows"]) * float(share)))


_SIZE: Final = """\
(SELECT coalesce(sum(pg_relation_size(t.relid)), pg_relation_size(c.oid))
  FROM pg_partition_tree(c.oid) t WHERE t.isleaf)"""


async def _by_count(table: Qualified, names: tuple[str, ...], pool: Pool) -> int:
    listed = columns("t", names)
    not_null = " AND ".join(f"{columns('t', (name,))} IS NOT NULL" for name in names)
    values = ", ".join(f"v{place}" for place, _ in enumerate(names))
    rows: list[Any] = await pool.inspect(
        f"SELECT coalesce(max(g.n), 0) AS most FROM (SELECT count(*) AS n FROM"
        f" (SELECT {listed} FROM {table.sql} t WHERE {not_null} LIMIT {_ROWS}) r({values})"
        f" GROUP BY {values}) g"
    )
    return int(rows[0]["most"])


async def _number(table: Qualified, pool: Pool) -> int | None:
    """Return the number of rows; None if counting would take long."""
    rows: list[Any] = await pool.inspect(
        f"SELECT FROM pg_class c WHERE c.oid = to_regclass({literal(table.sql)})"
        f" AND {_SIZE} <= {_COUNTED}"
    )
    if not rows:
        return None
    counts: list[Any] = await pool.inspect(f"SELECT count(*) AS n FROM {table.sql}")
    return int(counts[0]["n"])
