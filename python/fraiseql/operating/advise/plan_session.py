"""Plans of traced statements, which do not run."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from statistics import median
from typing import Any, Final

from fraiseql.database import Identity, Pool, Transaction
from fraiseql.errors import FraiseQLError
from fraiseql.operating.advise.workload import WorkloadStatement
from fraiseql.operating.trace.samples import arguments_sql

PlanTree = Mapping[str, Any]
"""A node of a plan as ``EXPLAIN (FORMAT JSON)`` prints it."""

_NAME: Final = "fraiseql_advised"
_WORK: Final = "fraiseql_work"
_WITHOUT_PAGES: Final = "SET LOCAL seq_page_cost = 0; SET LOCAL random_page_cost = 0"
_SAMPLES: Final = 5
_USUAL_LIMIT: Final = 20
_BOUND: Final = re.compile(r'\b(LIMIT|OFFSET) \$(\d+)(?:::[\w."]+)?')


class PlanSession:
    """Plans statements in one session.

    Made by ``open_session``.

    Args:
        session: A transaction.
    """

    def __init__(self, session: Transaction) -> None:
        self.session = session

    async def plans(self, statement: WorkloadStatement) -> list[PlanTree]:
        """Return the plans of a statement, one for each of some samples of its parameters.

        Without samples, and without values from statistics, it is planned once, for any values.
        Empty if PostgreSQL refuses it.
        """
        count = len(statement.param_types)
        values = statement.samples or statement.drawn
        samples = [arguments_sql(each, count) for each in values]
        known = list(dict.fromkeys(text for text in samples if text))[:_SAMPLES]
        mode = "force_custom_plan" if known else "force_generic_plan"
        nulls = f"({', '.join(['NULL'] * count)})" if count else ""
        sql = bounded(statement)
        await self.session.execute(f"SAVEPOINT {_NAME}; SET LOCAL plan_cache_mode = {mode}")
        try:
            plans = [await self._plan(sql, statement, each) for each in known or [nulls]]
        except FraiseQLError:
            await self.session.execute(f"ROLLBACK TO SAVEPOINT {_NAME}")
            plans = []
        await self.session.execute(f"RELEASE SAVEPOINT {_NAME}")
        return plans

    async def work(self, statement: WorkloadStatement) -> float | None:
        """Return the mean cost of a statement without its pages; None if it is refused."""
        await self.session.execute(f"SAVEPOINT {_WORK}; {_WITHOUT_PAGES}")
        plans = await self.plans(statement)
        await self.session.execute(f"ROLLBACK TO SAVEPOINT {_WORK}; RELEASE SAVEPOINT {_WORK}")
        return cost(plans) if plans else None

    async def _plan(self, sql: str, statement: WorkloadStatement, arguments: str) -> PlanTree:
        types = f"({', '.join(statement.param_types)})" if statement.param_types else ""
        # Not by ``execute``, which takes several statements: the second one would run.
        await self.session.fetch(f"PREPARE {_NAME}{types} AS {sql}")
        try:
            text = await self.session.fetchval(
                f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE {_NAME}{arguments}"
            )
        except FraiseQLError:
            await self.session.execute(f"ROLLBACK TO SAVEPOINT {_NAME}; DEALLOCATE {_NAME}")
            raise
        await self.session.execute(f"DEALLOCATE {_NAME}")
        tree: PlanTree = json.loads(text)[0]["Plan"]
        return tree


def bounded(statement: WorkloadStatement) -> str:
    """Return the SQL with a usual number of rows in place of a parameter of LIMIT.

    For a parameter, PostgreSQL plans for a tenth of all rows.
    """

    def replaced(match: re.Match[str]) -> str:
        if match[1] == "OFFSET":
            return "OFFSET 0"
        values = [each[match[2]] for each in statement.samples if match[2] in each]
        numbers = [value for value in values if isinstance(value, int)]
        rows = round(statement.rows_per_call)
        usual = rows if rows > 1 else _USUAL_LIMIT
        return f"LIMIT {round(median(numbers)) if numbers else usual}"

    return _BOUND.sub(replaced, statement.sql)


def cost(plans: Sequence[PlanTree]) -> float:
    """Return the mean cost of plans."""
    return float(sum(each["Total Cost"] for each in plans) / len(plans))


@asynccontextmanager
async def open_session(pool: Pool, page_cost: float | None = None) -> AsyncIterator[PlanSession]:
    """Open a session that plans.

    Args:
        pool: Connections of the role that serves.
        page_cost: Value of ``random_page_cost``; None for that of the server.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    async with pool.acquire(Identity.NONE, recorded=True) as connection:
        session = Transaction(connection)
        await session.execute("BEGIN READ ONLY")
        try:
            if page_cost is not None:
                await session.execute(f"SET LOCAL random_page_cost = {page_cost}")
            yield PlanSession(session)
        finally:
            await session.execute("ROLLBACK")
