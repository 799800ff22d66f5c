"""Details of one operation: its document, statements, samples and plans."""

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any, Final

from fraiseql.database import Pool
from fraiseql.errors import FraiseQLError
from fraiseql.operating.ops.tables import rounded
from fraiseql.operating.trace.generic_plans import generic_plan
from fraiseql.operating.trace.report import TracedOperation, TracedStatement

_SAMPLES: Final = """\
SELECT p.statement, p.parameters::text AS parameters FROM fraiseql.operation_sample p
WHERE p.statement = ANY ($1) ORDER BY p.statement, p.seen DESC LIMIT 40"""
_SAMPLES_SHOWN: Final = 5
_LONGEST: Final = 20_000
"""Characters of a text."""


async def operation_details(
    operations: Sequence[TracedOperation], name: str, pool: Pool, app: str
) -> dict[str, Any] | None:
    """Return the details of an operation as a value of JSON; None if it is unknown.

    Args:
        operations: The operations of the last reading.
        name: Id of the operation.
        pool: Connections of the service.
        app: The application's name on the command line.
    """
    operation = next((each for each in operations if each.id == name), None)
    if operation is None:
        return None
    samples = await _samples(pool, [each.id for each in operation.statements])
    ordered = sorted(operation.statements, key=lambda each: -each.cost.ms)
    text = quote(operation.document[:_LONGEST])
    return {
        "name": operation.name,
        "document": operation.document[:_LONGEST],
        "statements": [_statement(each, samples.get(each.id, [])) for each in ordered],
        "commands": [
            (
                'Measure it; write values in place of 0 and ""',
                f"fraiseql explain {app} {text} --analyze",
            ),
            ("Advice for it", f"fraiseql advise {app}"),
        ],
    }


def _statement(statement: TracedStatement, samples: Sequence[str]) -> dict[str, Any]:
    cost = statement.cost
    return {
        "id": statement.id if statement.sql else "",
        "sql": statement.sql[:_LONGEST],
        "source": statement.source,
        "root": statement.root,
        "calls": cost.calls,
        "mean_ms": rounded(cost.mean),
        "p95_ms": rounded(cost.percentile(0.95)),
        "rows": cost.rows,
        "bytes": cost.bytes,
        "samples": samples[:_SAMPLES_SHOWN],
    }


async def _samples(pool: Pool, statements: Sequence[str]) -> Mapping[str, list[str]]:
    samples: dict[str, list[str]] = {}
    try:
        rows = await pool.inspect(_SAMPLES, [statements])
    except FraiseQLError:
        # No tables, or the role may not read them.
        return samples
    for row in rows:
        samples.setdefault(row["statement"], []).append(row["parameters"][:_LONGEST])
    return samples


async def statement_plan(
    operations: Sequence[TracedOperation], name: str, pool: Pool
) -> dict[str, Any] | None:
    """Return the generic plan of a traced statement, which does not run; None if it is unknown.

    Args:
        operations: The operations of the last reading.
        name: Id of the statement.
        pool: Connections of the service.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    statements = (each for operation in operations for each in operation.statements)
    statement = next((each for each in statements if each.id == name and each.sql), None)
    if statement is None:
        return None
    plan = await generic_plan(pool, statement.sql)
    refused = "PostgreSQL makes no plan for it with the application's own role."
    return {"plan": plan or refused}
