"""Explain: an operation's plan, its statements, and what PostgreSQL would do with them."""

from collections.abc import Iterator
from dataclasses import dataclass

from fraiseql.database import Identity, Pool
from fraiseql.errors import FraiseQLError
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
        plan: PostgreSQL's plan, one line an entry.
    """

    key: str
    source: str
    sql: str
    parameters: tuple[str, ...]
    plan: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How an operation is answered.

    Attributes:
        plan: The plan as text.
        statements: Statements of the root fields that SQL answers by itself.
    """

    plan: str
    statements: tuple[StatementReport, ...]


async def explain_plan(compiled: CompiledPlan, run: Run, *, analyze: bool) -> Explanation:
    """Return the explanation of a compiled plan.

    Args:
        compiled: The plan.
        run: Values and identity to explain with.
        analyze: Whether PostgreSQL also runs the statements and tells times.

    Raises:
        InputError: A value has not the form of its field.
        DatabaseError: PostgreSQL refuses a statement.
    """
    reports = [
        await _report(compiled, (root, source, query), run, analyze=analyze)
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
    *,
    analyze: bool,
) -> StatementReport:
    root, source, query = asked
    args = query.bind(run.values)
    options = "ANALYZE, BUFFERS" if analyze else "COSTS"
    lines = await _lines(run.pool, f"EXPLAIN ({options}) {query.text}", args, run.identity)
    fields = compiled.plan.shape["nodes"][compiled.plan.shape["root"]]["fields"]
    key = next(f["key"] for f in fields if f["source"].get("stream") == root.stream)
    return StatementReport(key, source, query.text, tuple(repr(arg) for arg in args), lines)


async def _lines(pool: Pool, sql: str, args: list[object], identity: Identity) -> tuple[str, ...]:
    try:
        return tuple([row[0] for row in await pool.fetch_bytes(sql, args, identity)])
    except FraiseQLError as error:
        return (f"not explained: {error.message}",)
