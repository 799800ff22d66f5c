"""Dependencies of the statements that a Python resolver ran.

PostgreSQL parses each statement once; its parse tree names the relations, functions, operators and
types that the text means for the role, and the catalog leads on from these, as for a view.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fraiseql.caching.dependencies.inspection import DependencyInspection, inspect_dependencies
from fraiseql.caching.dependencies.names import load_names, names_digest
from fraiseql.caching.dependencies.parsed import Parsed, StatementText, parse_each
from fraiseql.caching.results.dependencies import Dependencies, dependencies_of, with_owners
from fraiseql.caching.results.refusals import refused_reads
from fraiseql.database import Pool
from fraiseql.results import CacheableField

NOT_APPLIED: Final = "not_applied"

_SHOWN: Final = 80
"""Characters of a statement in a message."""

_QUERY: Final = "{QUERY :commandType 1 "


class Unavailable(str):  # noqa: SLOT000 - it has an attribute
    """Why dependencies cannot be loaded: one word.

    Attributes:
        why: The reason as text, for the log.
        unlogged: Quoted names of tables whose writes this role can have logged, which removes the
            reason; empty where that does not help.
    """

    why: str
    unlogged: tuple[str, ...] = ()

    @classmethod
    def because(cls, word: str, why: str, unlogged: tuple[str, ...] = ()) -> "Unavailable":
        """Return a reason with its text."""
        reason = cls(word)
        reason.why, reason.unlogged = why, unlogged
        return reason


async def recorded_dependencies(
    pool: Pool, field: CacheableField
) -> tuple[Dependencies, Sequence[str]] | str:
    """Return the dependencies of ``field.statements`` and the meaning of their names.

    In place of them, a reason where an answer that ran the statements cannot be exact.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    statements = [StatementText(text, field.role) for text in field.statements]
    parsed = await parse_each(pool, statements)
    refused = next(filter(None, map(_refused, parsed.values(), parsed)), None)
    if refused is not None:
        return refused
    trees = list(dict.fromkeys(tree for result in parsed.values() for tree in result.trees))
    names = await load_names(pool.inspect, trees)
    digest = await names_digest(pool.inspect, names)
    if await parse_each(pool, statements) != parsed:
        return "redefined"
    inspection = await inspect_dependencies(pool.inspect, [], trees)
    why = _unusable(field, inspection)
    if why is not None:
        return why
    found = await with_owners(pool.inspect, dependencies_of([], inspection))
    found = replace(found, names=names, fingerprint=found.fingerprint ^ digest)
    return found, (*inspection.meaning, *inspection.named)


def _refused(parsed: Parsed, statement: StatementText) -> Unavailable | None:
    """Return why the reads of a statement are not known."""
    text = " ".join(statement.text.split())[:_SHOWN]
    if parsed.words:
        return Unavailable.because(
            "unrecorded", f"PostgreSQL cannot parse {text!r}: {parsed.words}"
        )
    if not parsed.trees[-1].startswith(_QUERY):
        return Unavailable.because("unrecorded", f"it ran {text!r}, which is no SELECT.")
    return None


def _unusable(field: CacheableField, inspection: DependencyInspection) -> Unavailable | None:
    """Return why answers with these dependencies cannot be exact."""
    where = field.definition.graphql_name
    for refusal in refused_reads(where, inspection, field.cache, tagged=False):
        if not refusal.create_only:
            return Unavailable.because(
                refusal.code.lower(), f"{refusal.message} {refusal.alternative}"
            )
    if not inspection.relations:
        return Unavailable.because("unrecorded", "its statements read no relation.")
    untraced = [relation for relation in inspection.relations if not relation.traced]
    if not untraced:
        return None
    names = tuple(relation.sql for relation in untraced)
    can_log = all(relation.owned and relation.kind in ("r", "p") for relation in untraced)
    return Unavailable.because(
        NOT_APPLIED,
        f"the writes of {', '.join(names)} are not logged. Run `fraiseql db apply`; it logs the"
        " tables of declared types, and relations that tags= of a cache names.",
        names if can_log else (),
    )
