"""Predicates: whether PostgreSQL can read what the embeds of a declared projection ask for."""

from typing import Final

from fraiseql.caching.strategies.base import Refusal
from fraiseql.caching.strategies.projection.embeds import Place
from fraiseql.database import Pool
from fraiseql.database.writing import said_by_server
from fraiseql.errors import DatabaseError, SourceError, sqlstate_of

_NO_RIGHT: Final = "42501"  # says nothing of the predicate


async def unreadable(root: Place, pool: Pool) -> tuple[Refusal, ...]:
    """Refuse every predicate that PostgreSQL refuses; none is run.

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
    return tuple(found)


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
