"""SQL of limits and offsets, also of lists in stored documents."""
# ruff: noqa: S608 - identifiers are quoted from the catalog, values are parameters.

from collections.abc import Sequence
from typing import Any, Final

from fraiseql.expressions import literal
from fraiseql.serving.planning.reads import Slice
from fraiseql.serving.sql.parameters import Parameter
from fraiseql.sql_names import fn, op, ty

MAX_OFFSET: Final = (1 << 63) - 1


def row_count(keyword: str, value: Any, parameters: list[Parameter], maximum: int) -> str:
    """Return ``LIMIT`` or ``OFFSET`` with a number or a parameter; empty for None."""
    if value is None:
        return ""
    if type(value) is int and 0 <= value <= maximum:
        # A constant lets PostgreSQL plan for it; an invalid one is refused when bound.
        return f" {keyword} {value}"
    parameters.append(Parameter(value, "int8", maximum=maximum, name=keyword.lower()))
    return f" {keyword} ${len(parameters)}::{ty('int8')}"


def with_slices(document: str, slices: Sequence[Slice], parameters: list[Parameter]) -> str:
    """Return the SQL of a stored document with parts of its lists.

    Args:
        document: SQL of the document.
        slices: The parts.
        parameters: Parameters of the statement so far; new ones are appended.
    """
    if not slices:
        return document
    parts = ", ".join(
        [f"{literal(each.key)}, {_slice(document, each, parameters)}" for each in slices]
    )
    added = f"{document} {op('||')} {fn('jsonb_build_object')}({parts})"
    # A document that is too large to store is JSON null.
    is_object = f"{fn('jsonb_typeof')}({document}) {op('=')} 'object'"
    return f"(CASE WHEN {is_object} THEN {added} ELSE {document} END)"


def _slice(document: str, part: Slice, parameters: list[Parameter]) -> str:
    maximum = max(part.max_limit, part.limit) if type(part.limit) is int else part.max_limit
    tail = row_count("LIMIT", part.limit, parameters, maximum)
    tail += row_count("OFFSET", part.offset, parameters, MAX_OFFSET)
    items = f"{fn('jsonb_array_elements')}({document} {op('->')} {literal(part.name)}) AS e(v)"
    return (
        f"(SELECT coalesce({fn('jsonb_agg')}(s.v), '[]'::{ty('jsonb')})"
        f" FROM (SELECT e.v FROM {items}{tail}) AS s)"
    )
