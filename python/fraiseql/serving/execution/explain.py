"""An operation's plan, its statements and PostgreSQL's plans for them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from fraiseql.database import Identity, Pool
from fraiseql.errors import FraiseQLError
from fraiseql.serving.execution.compiled_plan import CompiledPlan
from fraiseql.serving.execution.generic import GenericPlan, prove
from fraiseql.serving.execution.run import CompiledRoot, CompiledStoredRoot, Run
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.execution.withheld import why_withheld
from fraiseql.serving.planning.text import plan_text, stored_text
from fraiseql.serving.sql import ESTIMATE, ROLE


@dataclass(frozen=True, slots=True)
class StatementReport:
    """One statement of an operation.

    Attributes:
        key: Response key of the root field.
        source: ``live``, or the stored source that is read; then the live statement follows, which
            answers when the stored documents cannot or may not be read.
        sql: Text of the statement.
        parameters: The values of its parameters, as text.
        plan: PostgreSQL's plan for these values, by line.
        generic: Its generic plan, which a prepared statement ends with.
        indexes: Declared indexes that the generic plan uses.
        withheld: Why stored documents are not read for the role of the request; empty when they are
            or when there are none.
        sources: Source of each parameter: a ``ValueRef`` into the variables, or a constant.
    """

    key: str
    source: str
    sql: str
    parameters: tuple[str, ...]
    plan: tuple[str, ...]
    generic: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    withheld: str = ""
    sources: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """How an operation is answered.

    Attributes:
        plan: The plan as text.
        statements: Statements of the root fields that SQL alone answers.
        python: Why Python answers it on each request; empty where the native server repeats it.
    """

    plan: str
    statements: tuple[StatementReport, ...]
    python: str = ""


async def explain_plan(
    compiled: CompiledPlan, run: Run, declared: Collection[str], *, analyze: bool
) -> Explanation:
    """Return the explanation of a compiled plan.

    Args:
        compiled: The plan.
        run: Values and identity to explain with.
        declared: Names of the declared indexes.
        analyze: Whether PostgreSQL also runs the statements and measures them.

    Raises:
        InputError: A value does not fit the type of its field.
        DatabaseError: PostgreSQL refuses a statement.
    """
    reports = [
        await _report(compiled, statement, run, declared, analyze=analyze)
        for root in compiled.sql
        for statement in await _statements(root, run)
    ]
    return Explanation(plan_text(compiled.plan), tuple(reports))


@dataclass(frozen=True, slots=True)
class _ExplainedStatement:
    """A statement to explain, with attributes of its report."""

    root: CompiledRoot
    source: str
    query: PreparedQuery
    identity: Identity
    withheld: str = ""


async def _statements(root: CompiledRoot, run: Run) -> list[_ExplainedStatement]:
    """Return the statements of a root field: over stored documents, if any, and live."""
    identity = run.identity
    live = _ExplainedStatement(root, "live", root.query, identity)
    if not isinstance(root, CompiledStoredRoot):
        return [live]
    stored = root.stored
    reason = await why_withheld(stored.source.source, run.stored_reader())
    if reason is not None:
        return [replace(live, withheld=str(reason))]
    plain = identity if identity.role is None else Identity.NONE
    return [
        _ExplainedStatement(
            root, stored_text(stored.source), stored.query_for(identity.role), plain
        ),
        live,
    ]


async def _report(
    compiled: CompiledPlan,
    statement: _ExplainedStatement,
    run: Run,
    declared: Collection[str],
    *,
    analyze: bool,
) -> StatementReport:
    query, values = statement.query, {**run.values, ROLE: run.identity.role, ESTIMATE: 0}
    if query.choose is not None:
        query = query.choose(values)
    args = query.bind(values)
    options = "ANALYZE, BUFFERS" if analyze else "COSTS"
    lines = await _lines(run.pool, f"EXPLAIN ({options}) {query.text}", args, statement.identity)
    fields = compiled.plan.shape["nodes"][compiled.plan.shape["root"]]["fields"]
    key = next(f["key"] for f in fields if f["source"].get("stream") == statement.root.stream)
    generic = await _generic(run.pool, query, statement.identity)
    return StatementReport(
        key,
        statement.source,
        query.text,
        tuple(repr(arg) for arg in args),
        lines,
        generic.lines,
        tuple([name for name in generic.indexes if name in declared]),
        statement.withheld,
        tuple(each.source for each in query.parameters),
    )


async def _generic(pool: Pool, query: PreparedQuery, identity: Identity) -> GenericPlan:
    try:
        return await prove(pool, query, identity)
    except FraiseQLError as error:
        return GenericPlan((f"not explained: {error.message}",), ())


async def _lines(pool: Pool, sql: str, args: list[object], identity: Identity) -> tuple[str, ...]:
    try:
        return tuple([row[0] for row in await pool.fetch_bytes(sql, args, identity)])
    except FraiseQLError as error:
        return (f"not explained: {error.message}",)
