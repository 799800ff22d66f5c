"""Candidates that answer a query from a materialized view."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fraiseql.errors import FraiseQLError
from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.declared_option import declared_value
from fraiseql.operating.advise.replay import (
    USUAL_PAIRS,
    PairLimits,
    Sides,
    compare,
    typed_arguments,
)
from fraiseql.operating.advise.scratch import Scratch
from fraiseql.operating.advise.trials import (
    Trial,
    changing_session,
    reading_session,
    reason_of,
    refusal_of,
)
from fraiseql.operating.trace.samples import NotReplayed, ReplayedStatement

_VIEW: Final = "fraiseql_tried_view"
_BYTES: Final = f"SELECT pg_catalog.pg_total_relation_size('pg_temp.{_VIEW}'::regclass)"
_LIMIT: Final = re.compile(r"(?is)\bLIMIT\s+\S+\s*;?\s*$")


async def try_view(
    scratch: Scratch,
    candidate: Candidate,
    statements: Sequence[ReplayedStatement],
    limits: PairLimits = USUAL_PAIRS,
) -> Trial:
    """Store the rows of a view's query, and run statements over them and over the tables in turn.

    A temporary table has the rows, which reads like a view; its creation takes as long as a
    refresh.

    Args:
        scratch: Where.
        candidate: One that stores the answer of a query.
        statements: Statements of the trace that it replaces.
        limits: How often they run.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    view = candidate.declared or declared_value(candidate.declaration)
    others: list[NotReplayed] = []
    gains = {}
    async with reading_session(scratch.url) as before, changing_session(scratch) as after:
        try:
            start = time.perf_counter()
            await after.execute(f"CREATE TEMPORARY TABLE {_VIEW} ON COMMIT DROP AS {view.sql}")
            seconds = time.perf_counter() - start
            await after.execute(f"ANALYZE {_VIEW}")
            size = int(await after.fetchval(_BYTES))
        except FraiseQLError as error:
            return Trial(candidate, refusal=reason_of(error))
        for statement in (each for each in statements if each.id in candidate.statements):
            sides = Sides(before, after, scratch.percent, local=scratch.form == "embedded")
            text = _stored_text(statement.sql)
            try:
                gain = await compare(sides, statement, limits, text)
                equal = await _is_equal(sides, statement, text)
            except FraiseQLError as error:
                others.append(NotReplayed(statement.id, statement.root, error.message))
                continue
            gains[statement.id] = replace(gain, equal=equal)
    names = {each.id: each.root for each in statements}
    notes = (f"A refresh takes about {seconds * 1000:.0f} ms.",)
    refusal = refusal_of(gains, names)
    return Trial(candidate, gains, None, None, seconds, size, refusal, tuple(others), notes)


def _stored_text(sql: str) -> str:
    """Return the statement over the stored rows, with the limit of the one over the tables."""
    limit = _LIMIT.search(sql)
    return f"SELECT * FROM {_VIEW} {limit[0] if limit else ''}"  # noqa: S608 - a constant


async def _is_equal(sides: Sides, statement: ReplayedStatement, text: str) -> bool:
    """Return whether the rows are equal in any order: a view is read by its key."""
    for sample in statement.samples:
        values = await typed_arguments(sides.before, statement, sample)
        live = await sides.before.fetch(statement.sql, *values)
        stored = await sides.after.fetch(text, *values)
        if sorted(map(repr, map(tuple, live))) != sorted(map(repr, map(tuple, stored))):
            return False
    return True
