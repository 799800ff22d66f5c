"""Checks at the start that declarations fit the database's types and operators."""

from collections.abc import Iterable, Sequence
from typing import Final

from fraiseql.catalog.details import load_details
from fraiseql.database import Pool
from fraiseql.errors import DatabaseError, DatabaseUnavailable, SourceError
from fraiseql.events import logger
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.startup.columns import CheckedDeclarations, Probe
from fraiseql.serving.startup.fixed_filters import prove_filters
from fraiseql.serving.startup.types import Finding, OperatorCheck, compare, refusal

_AMBIGUOUS: Final = "42702"


async def prove(pool: Pool, relations: Relations, checked: CheckedDeclarations) -> None:
    """Refuse declarations that cannot work, and log a warning for those that may fail.

    Args:
        pool: Connections to the database.
        relations: Declarations, resolved.
        checked: Types with their relations, and developers' predicates.

    Raises:
        SourceError: A predicate is refused by PostgreSQL, or a declaration does not fit its column.
        DeclarationError: A declared filter cannot be written.
        DatabaseError: The database cannot be reached.
    """
    for probe in checked.probes:
        await _prove_predicate(pool, probe)
    await prove_filters(pool, relations)
    details = await load_details(pool, [bound.relation for _, bound in checked.bound_relations])
    results = list(dict.fromkeys(compare(relations, checked.bound_relations, details)))
    findings = [result for result in results if isinstance(result, Finding)]
    checks = [result for result in results if isinstance(result, OperatorCheck)]
    findings += [entry.finding for entry in await _refused(pool, checks)]
    error = refusal(findings)
    if error is not None:
        raise error
    for finding in findings:
        logger.warning("%s %s", finding.message, finding.instead)


async def _prove_predicate(pool: Pool, probe: Probe) -> None:
    """Have PostgreSQL check a developer's own SQL."""
    try:
        await pool.fetch_bytes(probe.text)
    except DatabaseUnavailable:
        raise
    except (SourceError, DatabaseError) as error:
        ambiguous = getattr(error.__cause__, "sqlstate", "") == _AMBIGUOUS
        raise SourceError(
            f"PostgreSQL refuses the where= of {probe.owner}: {error.__cause__ or error}",
            hint="A name in it is also a column of another relation of the statement. Put the "
            "columns in a subquery with an alias of your own, and qualify them with it."
            if ambiguous
            else "It is SQL over the columns of the embedded relation, written without its name.",
        ) from error


async def _refused(pool: Pool, checks: Sequence[OperatorCheck]) -> list[OperatorCheck]:
    """Return the checks that PostgreSQL refuses; a single statement when it accepts all."""
    if not checks or await _accepted(pool, checks):
        return []
    return [check for check in checks if not await _accepted(pool, [check])]


async def _accepted(pool: Pool, checks: Iterable[OperatorCheck]) -> bool:
    columns: list[str] = []
    expressions: list[str] = []
    for check in checks:
        items, text = check.items(len(columns))
        columns += items
        expressions.append(text)
    text = f"SELECT FROM (SELECT {', '.join(columns)}) AS q ORDER BY {', '.join(expressions)}"
    try:
        # It reads no table, so the privileges of the role do not matter.
        await pool.fetch_bytes(text)
    except SourceError:
        return False
    return True
