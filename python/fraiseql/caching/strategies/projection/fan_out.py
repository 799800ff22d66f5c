"""Fan-out: how many documents one change of one row may touch."""
# ruff: noqa: S608 - identifiers are quoted, numbers are the module's own

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.caching.strategies.projection.inspection import TableMap
from fraiseql.caching.strategies.projection.spec import ProjectionSpec, Qualified
from fraiseql.caching.strategies.projection.tree import Node, Tree, columns
from fraiseql.database import Pool
from fraiseql.expressions import literal

_COUNTED: Final = 64_000_000
"""Bytes of a table up to which values are counted; beyond, PostgreSQL's statistics are asked."""

_ROWS: Final = 1_000_000
"""Rows that are counted of a larger table that has no statistics."""


@dataclass(frozen=True, slots=True)
class FanOut:
    """What one row of a place may touch.

    Attributes:
        path: Dotted embeds that lead to the place.
        table: Its table, quoted.
        documents: Most documents with one row in them.
        factors: In words, what that number is made of.
    """

    path: str
    table: str
    documents: int
    factors: str


async def fan_outs(spec: ProjectionSpec, inspection: TableMap, pool: Pool) -> list[FanOut]:
    """Measure every place below the root whose rows may stand in several documents.

    Raises:
        DatabaseError: A table cannot be read.
    """
    tree = Tree.of(spec)
    most = {node.number: await _most(tree, node, inspection, pool) for node in tree.nodes[1:]}
    roots = await _number(spec.root.name, pool)
    found = []
    for node in tree.nodes[1:]:
        steps = [(one, most[one.number]) for one in _upwards(tree, node) if most[one.number] > 1]
        documents = 1
        for _, count in steps:
            documents *= count
        if steps:
            said = " times ".join(f"{count:,} by {one.path}" for one, count in steps)
            least = min(documents, roots) if roots is not None else documents
            found.append(FanOut(node.path, node.table.name.sql, least, said))
    return found


def too_many(stored_type: StoredType, found: list[FanOut]) -> Iterator[Violation]:
    """Refuse places whose rows stand in more documents than the declaration's budget."""
    for one in found:
        if one.documents > stored_type.stored.budget:
            yield Violation(
                "FAN_OUT",
                f"{stored_type.type_name}.{one.path}",
                f"one change of a row of {one.table} may touch {one.documents:,} documents"
                f" ({one.factors}); the budget is {stored_type.stored.budget:,}.",
                f"Leave {one.path!r} out of embeds=(…), to be joined when it is read; or keep it"
                f' with mode="async"; or raise the budget: Projection(budget={one.documents}).',
                create_only=True,
            )


def _upwards(tree: Tree, node: Node) -> Iterator[Node]:
    """Yield the edges from a place to the root that lead to other rows."""
    while node.parent is not None:
        parent = tree.nodes[node.parent]
        if _turns_back(tree, node, parent):
            node = tree.nodes[parent.parent or 0]
            continue
        yield node
        node = parent


def _turns_back(tree: Tree, node: Node, parent: Node) -> bool:
    """Tell whether a row is the very one that embeds its parent: an author's posts' author."""
    if node.many or not parent.many or parent.parent is None:
        return False
    above = tree.nodes[parent.parent]
    down = {(pair.inner, pair.outer) for pair in parent.join}
    up = {(pair.outer, pair.inner) for pair in node.join}
    return above.table.name == node.table.name and down == up


async def _most(tree: Tree, node: Node, inspection: TableMap, pool: Pool) -> int:
    """Return how many rows of the parent hang on one row, at most."""
    parent = tree.nodes[node.parent or 0].table.name
    if inspection[parent].unique(node.outer):
        return 1
    if len(node.outer) == 1:
        found = await _by_statistics(parent, node.outer[0], pool)
        if found is not None:
            return found
    return await _by_count(parent, node.outer, pool)


async def _by_statistics(table: Qualified, column: str, pool: Pool) -> int | None:
    """Return the rows with the most frequent value; None where they are better counted."""
    asked = f"""\
SELECT c.reltuples AS rows, s.most_common_freqs[1] AS most, s.n_distinct AS values,
  s.null_frac AS nulls
FROM pg_class c LEFT JOIN pg_stats s ON s.schemaname = {literal(table.schema)}
  AND s.tablename = {literal(table.name)} AND s.attname = {literal(column)}
  AND s.inherited = (c.relkind = 'p')
WHERE c.oid = to_regclass({literal(table.sql)}) AND {_SIZE} > {_COUNTED}"""
    rows: list[Any] = await pool.inspect(asked)
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
    there = " AND ".join(f"{columns('t', (name,))} IS NOT NULL" for name in names)
    own = ", ".join(f"v{place}" for place, _ in enumerate(names))
    rows: list[Any] = await pool.inspect(
        f"SELECT coalesce(max(g.n), 0) AS most FROM (SELECT count(*) AS n FROM"
        f" (SELECT {listed} FROM {table.sql} t WHERE {there} LIMIT {_ROWS}) r({own})"
        f" GROUP BY {own}) g"
    )
    return int(rows[0]["most"])


async def _number(table: Qualified, pool: Pool) -> int | None:
    """Return the number of rows; None where that would take long to count."""
    rows: list[Any] = await pool.inspect(
        f"SELECT FROM pg_class c WHERE c.oid = to_regclass({literal(table.sql)})"
        f" AND {_SIZE} <= {_COUNTED}"
    )
    if not rows:
        return None
    counted: list[Any] = await pool.inspect(f"SELECT count(*) AS n FROM {table.sql}")
    return int(counted[0]["n"])
