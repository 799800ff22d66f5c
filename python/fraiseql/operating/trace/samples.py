"""Statements of the trace to run again, with parameters as SQL."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.database import Pool
from fraiseql.expressions import literal
from fraiseql.operating.trace.report import check_installed
from fraiseql.operating.trace.synthetic import synthetic_samples
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)


@dataclass(frozen=True, slots=True)
class ReplayedStatement:
    """A statement that can be run again.

    Attributes:
        id: Its id in the trace.
        root: The root field, or the field whose function runs it.
        sql: Its text.
        samples: Parameters of recorded runs, as SQL; one empty text without parameters.
        synthetic: Whether they are drawn from the statistics of columns instead.
        types: Types of the parameters.
        values: The parameters as JSON values, by number; as many as ``samples``.
        relations: Relations that it reads, each ``schema.name``.
    """

    id: str
    root: str
    sql: str
    samples: tuple[str, ...]
    synthetic: bool = False
    types: tuple[str, ...] = ()
    values: tuple[Mapping[str, Any], ...] = ()
    relations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotReplayed:
    """A statement that cannot be run again, and the reason."""

    id: str
    root: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReplayLimits:
    """Statements of the trace to run again.

    Attributes:
        most: Most statements: those that took the most time.
        longest_ms: Longest mean duration.
        synthetic: Whether parameters without recorded values are drawn from statistics.
    """

    most: int = 20
    longest_ms: float = 1_000.0
    synthetic: bool = False


async def load_replay(
    pool: Pool, limits: ReplayLimits = ReplayLimits()
) -> tuple[list[ReplayedStatement], list[NotReplayed]]:
    """Return the statements of the trace that took the most time, and those without parameters.

    Args:
        pool: Connections of a role that may read the trace.
        limits: Which statements.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: the database has no trace.
        DatabaseError: The role may not read it, or the database cannot be reached.
    """
    await check_installed(pool.inspect)
    usable, others = [], []
    for row in await pool.inspect(_SQL["statements"].text, [limits.most]):
        result = await _replayed(pool, dict(row), limits)
        if isinstance(result, NotReplayed):
            others.append(result)
        else:
            usable.append(result)
    return usable, others


async def _replayed(
    pool: Pool, row: Mapping[str, Any], limits: ReplayLimits
) -> ReplayedStatement | NotReplayed:
    types, own = tuple(row["param_types"]), (row["id"], row["root"])
    if row["ms"] / max(row["calls"], 1) > limits.longest_ms:
        return NotReplayed(*own, f"takes longer than {limits.longest_ms / 1000:g} s")
    complete = _complete([json.loads(text) for text in row["samples"]], len(types))
    synthetic = bool(types) and not complete
    if synthetic:
        if not limits.synthetic:
            return NotReplayed(*own, "the trace has no values of its parameters: set trace=values")
        drawn = await synthetic_samples(pool, row["sql"], types)
        if isinstance(drawn, str):
            return NotReplayed(*own, drawn)
        complete = _complete(drawn, len(types))
    texts = tuple(text for text, _ in complete) or ("",)
    values = tuple(values for _, values in complete)
    relations = tuple(row["relations"])
    return ReplayedStatement(*own, row["sql"], texts, synthetic, types, values, relations)


def _complete(
    samples: Iterable[Mapping[str, Any]], count: int
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the samples with all parameters, each with its SQL."""
    texts = [(arguments_sql(values, count), values) for values in samples]
    return [(text, values) for text, values in texts if text is not None]


def arguments_sql(values: Mapping[str, Any], count: int) -> str | None:
    """Return parameters as SQL; None if one was not recorded."""
    if any(str(place) not in values for place in range(1, count + 1)):
        return None
    texts = ", ".join(_value(values[str(place)]) for place in range(1, count + 1))
    return f"({texts})" if count else ""


def _value(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return literal(_array(value))
    return literal(_text(value))


def _array(values: Iterable[Any]) -> str:
    items = []
    for value in values:
        if value is None:
            items.append("NULL")
        elif isinstance(value, list):
            items.append(_array(value))
        else:
            escaped = _text(value).replace("\\", "\\\\").replace('"', '\\"')
            items.append(f'"{escaped}"')
    return f"{{{','.join(items)}}}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
