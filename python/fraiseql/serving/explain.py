"""Explain: an operation's plan, its statements, and what PostgreSQL would do with them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from fraiseql.database import Identity, Pool
from fraiseql.errors import FraiseQLError
from fraiseql.serving.execution.generic import GenericPlan, prove
from fraiseql.serving.execution.run import CompiledKeptRoot, CompiledPlan, CompiledRoot, Run
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.planning.text import kept_text, plan_text


@dataclass(frozen=True, slots=True)
class StatementReport:
    """One statement of an operation.

    Attributes:
        key: Response key of the root field.
        source: ``live``, or what is kept and read instead; then the live statement follows, which
            answers where that may not or cannot be read.
        sql: Text of the statement.
        parameters: Values that it was explained with, as text.
        plan: PostgreSQL's plan for these values, one line an entry.
        generic: Its plan for any values, which a prepared statement ends with.
        indexes: Declared indexes that the plan for any values uses.
    """

    key: str
    source: str
    sql: str
    parameters: tuple[str, ...]
    plan: tuple[str, ...]
    generic: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """How an operation is answered.

    Attributes:
        plan: The plan as text.
        statements: Statements of the root fields that SQL answers by itself.
    """

    plan: str
    statements: tuple[StatementReport, ...]


async def explain_plan(
    compiled: CompiledPlan, run: Run, declared: Collection[str], *, analyze: bool
) -> Explanation:
    """Return the explanation of a compiled plan.

    Args:
        compiled: The plan.
        run: Values and identity to explain with.
        declared: Names of the declared indexes.
        analyze: Whether PostgreSQL also runs the statements and tells times.

    Raises:
        InputError: A value has not the form of its field.
        DatabaseError: PostgreSQL refuses a statement.
    """
    reports = [
        await _report(compiled, (root, source, query), run, declared, analyze=analyze)
        for root in compiled.sql
        for source, query in _queries(root, run)
    ]
    return Explanation(plan_text(compiled.plan), tuple(reports))


def _queries(root: CompiledRoot, run: Run) -> Iterator[tuple[str, PreparedQuery]]:
    if isinstance(root, CompiledKeptRoot) and run.identity.role is None:
        yield kept_text(root.kept.source), root.kept.query
    yield "live", root.query


async def _report(
    compiled: CompiledPlan,
    asked: tuple[CompiledRoot, str, PreparedQuery],
    run: Run,
    declared: Collection[str],
    *,
    analyze: bool,
) -> StatementReport:
    root, source, query = asked
    if query.choose is not None:
        query = query.choose(run.values)
    args = query.bind(run.values)
    options = "ANALYZE, BUFFERS" if analyze else "COSTS"
    lines = await _lines(run.pool, f"EXPLAIN ({options}) {query.text}", args, run.identity)
    fields = compiled.plan.shape["nodes"][compiled.plan.shape["root"]]["fields"]
    key = next(f["key"] for f in fields if f["source"].get("stream") == root.stream)
    generic = await _generic(run, query)
    parameters = tuple(repr(arg) for arg in args)
    used = tuple([name for name in generic.indexes if name in declared])
    return StatementReport(key, source, query.text, parameters, lines, generic.lines, used)


async def _generic(run: Run, query: PreparedQuery) -> GenericPlan:
    try:
        return await prove(run.pool, query, run.identity)
    except FraiseQLError as error:
        return GenericPlan((f"not explained: {error.message}",), ())


async def _lines(pool: Pool, sql: str, args: list[object], identity: Identity) -> tuple[str, ...]:
    try:
        return tuple([row[0] for row in await pool.fetch_bytes(sql, args, identity)])
    except FraiseQLError as error:
        return (f"not explained: {error.message}",)
