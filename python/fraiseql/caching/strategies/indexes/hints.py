"""Valid indexes, and the expressions by which statements use them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fraiseql.caching.strategies.base import ResolveContext
from fraiseql.caching.strategies.indexes.objects import SLOTS, index_specs
from fraiseql.caching.strategies.indexes.spec import IndexSpec
from fraiseql.database import Pool
from fraiseql.errors import SourceError
from fraiseql.field_access import wire_type
from fraiseql.sources import IndexHints
from fraiseql.values import PostgresText, as_wire

PRESENT: Final = """
SELECT n.nspname::text AS schema, c.relname::text AS name, i.indisvalid AND i.indisready AS valid,
  pg_get_expr(i.indpred, i.indrelid) AS predicate
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name
JOIN pg_index i ON i.indexrelid = c.oid
"""
_LITERAL: Final = re.compile(r"'([^']+)'::")

Present = Mapping[tuple[str, str], tuple[bool, str | None]]
"""Schema and name of an index → whether it is valid, and its predicate."""


def names_of(spec: IndexSpec) -> list[str]:
    """Return the names, without schema, that the index of a spec may have."""
    return [spec.name] if spec.rolled is None else [spec.name + slot for slot in SLOTS]


def arguments(specs: Sequence[IndexSpec]) -> list[list[str]]:
    """Return the arguments of ``PRESENT``."""
    pairs = [(spec.table.schema, name) for spec in specs for name in names_of(spec)]
    return [[schema for schema, _ in pairs], [name for _, name in pairs]]


def present_of(rows: Sequence[Any]) -> Present:
    """Return the result of ``PRESENT`` by name."""
    return {(r["schema"], r["name"]): (r["valid"], r["predicate"]) for r in rows}


def cutoffs(spec: IndexSpec, present: Present) -> dict[str, tuple[bool, Any]]:
    """Return for each slot of a rolling index whether it is valid, and its cut-off."""
    assert spec.rolled is not None  # noqa: S101 - callers check it
    slots = {}
    for slot in SLOTS:
        row = present.get((spec.table.schema, spec.name + slot))
        if row is not None:
            value = _cutoff(wire_type(spec.rolled), row[1] or "")
            slots[slot] = (row[0] and value is not None, value)
    return slots


def _cutoff(wire: str, predicate: str) -> Any:
    """Return the constant of a predicate, or None for a predicate that is not ours."""
    literal = _LITERAL.search(predicate)
    try:
        value = as_wire(wire, literal[1]) if literal else None
    except ValueError:
        return None
    # Our indexes begin neither at infinity nor outside of Python's dates.
    return None if isinstance(value, PostgresText) else value


async def load_index_hints(
    context: ResolveContext, pool: Pool
) -> Mapping[tuple[str, str], IndexHints]:
    """Return the expressions that use declared indexes, by schema and name of the table.

    An index that one type declares serves every type over the same table.

    Args:
        context: Schema and catalog.
        pool: Connections to the database.

    Raises:
        SourceError: A declared relation, or the column of a field, does not exist; or an index is
            declared over a column that does not exist or has no order.
        DatabaseError: The database cannot be reached.
    """
    specs, refusals = index_specs(context)
    for refusal in refusals:
        if refusal.code == "INDEX_COLUMN":
            text = f"{refusal.where}: {refusal.message}"
            raise SourceError(text, hint=refusal.alternative, code=refusal.code)
    if not specs:
        return {}
    present = present_of(await pool.inspect(PRESENT, arguments(specs)))
    by_table: dict[tuple[str, str], list[IndexSpec]] = {}
    for spec in specs:
        by_table.setdefault((spec.table.schema, spec.table.name), []).append(spec)
    return {place: _inspection(own, present) for place, own in by_table.items()}


def _inspection(specs: Sequence[IndexSpec], present: Present) -> IndexHints:
    used = list(_used(specs, present))
    conditions = [condition for spec, _, _ in used for condition in spec.conditions]
    bounds = {(c.name, c.operator, c.value) for c in conditions if c.operator[:2] in _BOUNDS}
    bounds |= {(s.rolled.name, "gt", cut) for s, _, cut in used if s.rolled is not None}
    return IndexHints(
        constants=frozenset((c.name, c.value) for c in conditions if c.operator == "eq"),
        bounds=frozenset(bounds),
        contained=frozenset(s.declared.column for s, _, _ in used if s.method == "gin"),
        names=frozenset(name for _, name, _ in used),
    )


_BOUNDS: Final = frozenset({"gt", "lt"})


def _used(specs: Sequence[IndexSpec], present: Present) -> Iterator[tuple[IndexSpec, str, Any]]:
    """Yield the valid indexes; of a rolling index the slot with the latest cut-off."""
    for spec in specs:
        if spec.rolled is None:
            if present.get((spec.table.schema, spec.name), (False, None))[0]:
                yield spec, spec.name, None
            continue
        valid_slots = [
            (cut, slot) for slot, (valid, cut) in cutoffs(spec, present).items() if valid
        ]
        if valid_slots:
            cut, slot = max(valid_slots)
            yield spec, spec.name + slot, cut
