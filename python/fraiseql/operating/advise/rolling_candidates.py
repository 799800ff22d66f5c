"""Candidate rolling indexes, for operations that ask for recent rows."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Final

from fraiseql.caching.strategies.indexes.objects import SLOTS, cutoff, drop, rolling_predicate
from fraiseql.caching.strategies.indexes.resolve import resolve
from fraiseql.caching.strategies.indexes.spec import IndexedType, IndexSpec
from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.comparisons import PlanComparison
from fraiseql.operating.advise.scans import PlanScan
from fraiseql.operating.advise.table_facts import TableFacts
from fraiseql.operating.advise.workload import WorkloadStatement
from fraiseql.schema.indexes import RollingIndex

_FEWEST_SAMPLES: Final = 5
_RECENT: Final = 0.2
"""Share of the rows that an index of recent rows has at most."""

_MARGIN: Final = 1.1
_DAY: Final = timedelta(days=1)
_PARAMETER: Final = re.compile(r"\(?\$(\d+)")
_TUPLE_BYTES: Final = 32
_BOUND: Final = re.compile(
    r' ON ("(?:[^"]|"")+"\."(?:[^"]|"")+") USING .* WHERE ("(?:[^"]|"")+")'
    r" (OPERATOR\(pg_catalog\.>\) .+)$"
)
_COMPARED: Final = r"OPERATOR\(pg_catalog\.(>=?|=)\) \$(\d+)(?:::[\w.]+)*"


def rolling_candidates(
    scan: PlanScan,
    statement: WorkloadStatement,
    facts: TableFacts,
    types: Sequence[IndexedType],
    now: datetime,
) -> Iterator[Candidate]:
    """Yield rolling indexes that all recorded parameters of a statement stay within."""
    for comparison in scan.comparisons:
        oldest = _oldest(comparison, statement.samples)
        if oldest is None or oldest >= now:
            continue
        days = ceil((now - oldest) / _DAY * _MARGIN) + 1
        share = _share_after(facts.moments.get(comparison.item.column, ()), now - days * _DAY)
        if share > _RECENT:
            continue
        declared = RollingIndex(f"-{comparison.item.column}", window=f"{days} days")
        for indexed in types:
            spec = resolve(indexed, declared)
            if isinstance(spec, IndexSpec):
                size = round(facts.rows * share * _TUPLE_BYTES)
                yield _candidate(spec, indexed, facts, statement, size)
                break


def with_bounds(
    sql: str, candidates: Sequence[Candidate], samples: Sequence[Mapping[str, object]]
) -> str:
    """Return a statement as the application writes it once it knows the rolling indexes.

    Args:
        sql: The statement.
        candidates: The rolling indexes, and others.
        samples: Parameters by number; a comparison that a value of one does not imply stays.
    """
    for candidate in candidates:
        found = _BOUND.search(candidate.ddl[0]) if candidate.kind == "rolling index" else None
        if found is not None:
            table, column, bound = found.groups()
            aliases = frozenset(re.findall(rf"{re.escape(table)} AS (\w+)", sql))
            compared = re.compile(rf"((\w+)\.{re.escape(column)}) {_COMPARED}")
            # A function as replacement: its text is not read as a pattern.
            sql = compared.sub(partial(_bounded, bound, aliases, samples), sql)
    return sql


def _bounded(
    bound: str,
    aliases: Collection[str],
    samples: Sequence[Mapping[str, object]],
    own: re.Match[str],
) -> str:
    """Return a comparison with the bound, if all its values are after that."""
    column, alias, operator, parameter = own.groups()
    least = _moment(bound.split("'")[1])
    values = [_moment(sample.get(parameter)) for sample in samples]
    after = [
        value is not None and least is not None and (value, operator == ">") > (least, False)
        for value in values
    ]
    if alias not in aliases or not after or not all(after):
        return own[0]
    return f"({own[0]} AND {column} {bound})"


def _oldest(comparison: PlanComparison, samples: Sequence[Mapping[str, object]]) -> datetime | None:
    """Return the oldest recorded bound; None without enough of them."""
    parameter = _PARAMETER.match(comparison.operand)
    if comparison.operator not in (">", ">=") or parameter is None or comparison.item.key:
        return None
    values = [_moment(sample.get(parameter[1])) for sample in samples]
    moments = [value for value in values if value is not None]
    return min(moments) if len(moments) == len(values) >= _FEWEST_SAMPLES else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _share_after(bounds: Sequence[str], moment: datetime) -> float:
    """Return the share of rows after a moment, by a histogram; 1 if there is none."""
    moments = [_moment(bound) for bound in bounds]
    after = sum(each is None or each > moment for each in moments)
    return after / len(moments) if moments else 1.0


def _candidate(
    spec: IndexSpec,
    indexed: IndexedType,
    facts: TableFacts,
    statement: WorkloadStatement,
    size: int,
) -> Candidate:
    declared: RollingIndex = spec.declared
    predicate = rolling_predicate(spec, cutoff(spec, datetime.now(UTC)))
    return Candidate(
        "rolling index",
        indexed.type_name,
        facts.name,
        "indexes",
        f'fraiseql.RollingIndex("{declared.column}", window="{declared.window}")',
        (spec.create(predicate, SLOTS[0]),),
        tuple(drop(spec.sql_name(slot)) for slot in SLOTS),
        statement.operations,
        (statement.id,),
        declared,
        f"SHARE UPDATE EXCLUSIVE on {spec.table.sql}: neither reads nor writes wait",
        size,
        facts.schema,
    )
