"""Proof at the start that declarations fit the database, by the catalog and by PostgreSQL."""

from collections.abc import Iterable, Sequence
from typing import Final

from fraiseql.catalog.details import load_details
from fraiseql.database import Pool
from fraiseql.errors import DatabaseError, DatabaseUnavailable, SourceError
from fraiseql.events import logger
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.startup.columns import Checked, Probe
from fraiseql.serving.startup.fixed_filters import prove_filters
from fraiseql.serving.startup.types import Finding, OperatorCheck, compare, refusal

_AMBIGUOUS: Final = "42702"


async def prove(pool: Pool, relations: Relations, checked: Checked) -> None:
    """Refuse what cannot work, and log a warning for what may go wrong.

    Args:
        pool: Connections to the database.
        relations: Declarations, resolved.
        checked: What the walk through the declarations found.

    Raises:
        SourceError: A predicate is refused by PostgreSQL, or a declaration does not fit its column.
        DeclarationError: A declared filter cannot be written.
        DatabaseError: The database cannot be reached.
    """
    for probe in checked.probes:
        await _prove_predicate(pool, probe)
    await prove_filters(pool, relations)
    details = await load_details(pool, [bound.relation for _, bound in checked.bound_relations])
    found = list(dict.fromkeys(compare(relations, checked.bound_relations, details)))
    findings = [entry for entry in found if isinstance(entry, Finding)]
    comparisons = [entry for entry in found if isinstance(entry, OperatorCheck)]
    findings += [entry.finding for entry in await _refused(pool, comparisons)]
    error = refusal(findings)
    if error is not None:
        raise error
    for finding in findings:
        logger.warning("%s %s", finding.message, finding.instead)


async def _prove_predicate(pool: Pool, probe: Probe) -> None:
    """Have PostgreSQL read a developer's own SQL."""
    try:
        await pool.fetch_bytes(probe.text)
    except DatabaseUnavailable:
        raise
    except (SourceError, DatabaseError) as error:
        ambiguous = getattr(error.__cause__, "sqlstate", "") == _AMBIGUOUS
        raise SourceError(
            f"PostgreSQL refuses the where= of {probe.owner}: {error.__cause__ or error}",
            hint="The name is a column of another relation, which the predicate stands beside. "
            "Write aliases of your own in front of columns, and call them otherwise."
            if ambiguous
            else "It is SQL over the columns of the embedded relation, written without its name.",
        ) from error


async def _refused(pool: Pool, comparisons: Sequence[OperatorCheck]) -> list[OperatorCheck]:
    """Return the comparisons that PostgreSQL has no operator for; one statement if it has all."""
    if not comparisons or await _accepted(pool, comparisons):
        return []
    return [entry for entry in comparisons if not await _accepted(pool, [entry])]


async def _accepted(pool: Pool, comparisons: Iterable[OperatorCheck]) -> bool:
    columns: list[str] = []
    tried: list[str] = []
    for comparison in comparisons:
        items, text = comparison.items(len(columns))
        columns += items
        tried.append(text)
    text = f"SELECT FROM (SELECT {', '.join(columns)}) AS q ORDER BY {', '.join(tried)}"
    try:
        # No table is read: the rights of the role that starts the application do not matter.
        await pool.fetch_bytes(text)
    except SourceError:
        return False
    return True
