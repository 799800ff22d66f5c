"""Predicates: whether PostgreSQL reads what embeds ask for, and nothing but their own table."""

from typing import Final

from fraiseql.caching.dependencies.facts import load_result_facts
from fraiseql.caching.dependencies.parsed import Predicate, parse_predicates
from fraiseql.caching.strategies.base import Refusal
from fraiseql.caching.strategies.projection.embeds import Place
from fraiseql.database import Pool
from fraiseql.database.writing import said_by_server
from fraiseql.errors import DatabaseError, SourceError, sqlstate_of

_NO_RIGHT: Final = "42501"  # says nothing of the predicate


async def unreadable(root: Place, pool: Pool) -> tuple[Refusal, ...]:
    """Refuse every predicate that PostgreSQL refuses, or that reads other tables; none is run.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    found = []
    for place in root.everywhere():
        if place.embed is not None and place.embed.where:
            # No alias that the text could know: the one in a statement depends on the depth.
            row = f'{place.table.sql} AS "fraiseql row"'
            said = await _said(f"SELECT FROM {row} WHERE ({place.embed.where})", pool)
            if said:
                found.append(_refusal(place, said))
            else:
                found += await _reading_more(place, place.embed.where, pool)
    return tuple(found)


async def _reading_more(place: Place, where: str, pool: Pool) -> list[Refusal]:
    """Refuse a predicate whose functions read relations, as the catalog or their bodies say."""
    table = place.table.sql
    trees = await parse_predicates(pool, [Predicate(place.where, table, where)])
    plain = await load_result_facts(pool.inspect, [table])
    facts = await load_result_facts(pool.inspect, [table], trees.texts)
    known = {one.oid for one in plain.relations}
    return [
        Refusal(
            "PREDICATE_READS_MORE",
            place.where,
            f"a function that the predicate calls names {one.sql}, which is not followed.",
            "Compare columns of the embedded table with constants.",
        )
        for one in facts.relations
        if one.oid not in known
    ]


async def _said(query: str, pool: Pool) -> str:
    try:
        await pool.fetch_bytes(f"EXPLAIN {query}")
    except (DatabaseError, SourceError) as error:
        if not sqlstate_of(error):
            raise
        return "" if sqlstate_of(error) == _NO_RIGHT else said_by_server(error)
    return ""


def _refusal(place: Place, said: str) -> Refusal:
    return Refusal(
        "EMBED_NOT_KEPT",
        place.where,
        f"PostgreSQL refuses its where: {said}",
        f"Correct it; it stands in a query over {place.table.sql} alone.",
    )
