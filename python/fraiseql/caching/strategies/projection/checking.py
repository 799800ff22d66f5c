"""Checking: a projection beside its live view, and mending what differs."""
# ruff: noqa: S608 - identifiers are quoted, the share is a number

from typing import Any

from fraiseql.caching.strategies.compare import SHOWN, Difference, Verified
from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.storing import ABSENT
from fraiseql.caching.strategies.projection.tree import Tree, columns
from fraiseql.catalog.picture import quote
from fraiseql.database.writing import Writer
from fraiseql.expressions import literal

_SEED = 42
_ALL = 100


async def compared(type_name: str, spec: ProjectionSpec, writer: Writer, sample: float) -> Verified:
    """Compare documents as text, by the keys of both sides; ``sample`` is a share in per cent."""
    rows: list[Any] = await writer.fetch(comparison(spec, sample))
    shown = tuple(
        Difference(row["key"], row["kept"], row["live"]) for row in rows if row["key"] is not None
    )
    return Verified(type_name, rows[0]["compared"], rows[0]["differing"], shown)


def comparison(spec: ProjectionSpec, sample: float) -> str:
    """Write the query: how many were compared and differ, and the first of those."""
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
    # What serving shows is the body, where there is one.
    kept = "CASE WHEN t.body::text = t.data::text THEN t.data::text ELSE t.body::text END"
    kept = kept if spec.text else "t.data::text"
    return f"""\
WITH keys({own}) AS MATERIALIZED (
  SELECT {columns("t", names)} FROM {spec.table.sql} t{part}
  UNION SELECT {columns("b", names)} FROM {spec.root.name.sql} b{part}
), found AS MATERIALIZED (
  SELECT {key} AS key, k.*, {kept} AS kept, v.data::text AS live
  FROM keys k
  LEFT JOIN {spec.table.sql} t ON {is_["t"]}
  LEFT JOIN LATERAL (SELECT v.data FROM {spec.view.sql} v
    WHERE {is_["v"]} AND t.data IS DISTINCT FROM {ABSENT} OFFSET 0) v ON true
  WHERE t.data IS DISTINCT FROM {ABSENT} AND ({kept} IS DISTINCT FROM v.data::text{_data_too(spec)})
)
SELECT (SELECT count(*) FROM keys) AS compared, (SELECT count(*) FROM found) AS differing, f.*
FROM (SELECT) AS one LEFT JOIN (SELECT * FROM found ORDER BY {own} LIMIT {SHOWN}) f ON true"""


def _data_too(spec: ProjectionSpec) -> str:
    return " OR t.data::text IS DISTINCT FROM v.data::text" if spec.text else ""


async def mended(spec: ProjectionSpec, writer: Writer) -> int:
    """Recompute what differs, range after range, each committed; return how many there were.

    A range waits for writers as they wait for each other.
    """
    tree = Tree.of(spec)
    names = ", ".join(f"m.fql_last{place}::text" for place, _ in enumerate(tree.root.types))
    given = ", ".join(f"${place}::text::{kind}" for place, kind in enumerate(tree.root.types, 1))
    statement = f"SELECT m.fql_mended, {names} FROM {tree.own('mend').sql}({given}) m"
    last: tuple[str | None, ...] = (None,) * len(tree.root.types)
    total = 0
    while True:
        async with writer.begun():
            row: Any = await writer.fetchrow(statement, *last)
        total += int(row[0])
        last = tuple(row[1:])
        if last[0] is None:
            return total
