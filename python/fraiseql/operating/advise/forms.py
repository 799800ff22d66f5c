"""The best available way to plan with candidates."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.advise.document_times import DocumentTimes, measure_documents
from fraiseql.operating.advise.plan_session import open_session
from fraiseql.operating.advise.scratch_server import scratch_server
from fraiseql.operating.advise.table_facts import DatabaseFacts
from fraiseql.operating.advise.twin import open_twin
from fraiseql.operating.advise.what_if import EstimatedCosts, WhatIf
from fraiseql.settings import Settings

_MEMORY_PAGE_COST: Final = 1.1


@dataclass(frozen=True, slots=True)
class PredictionForm:
    """A way to plan with candidates, and the reason if it is not the best.

    Attributes:
        what_if: Plans statements with candidates.
        times: Times of a round trip and of documents.
        reason: Why there is no twin; empty if there is.
    """

    what_if: WhatIf
    times: DocumentTimes
    reason: str = ""


def page_cost(facts: DatabaseFacts) -> float:
    """Return ``random_page_cost`` for predictions: low if reads find their pages in memory."""
    return min(facts.page_cost, _MEMORY_PAGE_COST) if facts.in_memory else facts.page_cost


@asynccontextmanager
async def open_form(
    pool: Pool, settings: Settings, facts: DatabaseFacts, *, twin: bool = True
) -> AsyncIterator[PredictionForm]:
    """Open a statistics twin; estimate from the present plans if there can be none.

    Args:
        pool: Connections to the database.
        settings: Settings of the application, with the address of the database.
        facts: Facts of the database.
        twin: False estimates at once.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    rate = page_cost(facts)
    times = await measure_documents(pool)
    async with AsyncExitStack() as stack:
        form, reason = None, ""
        if twin:
            try:
                server = stack.enter_context(scratch_server(Path(settings.data_dir)))
                opened = open_twin(server, pool, settings, rate)
                form = PredictionForm(await stack.enter_async_context(opened), times)
            except ConfigurationError as error:
                if error.code != "ADVISE_NO_SCRATCH":
                    raise
                reason = error.message
        if form is None:
            session = await stack.enter_async_context(open_session(pool, rate))
            form = PredictionForm(EstimatedCosts(session, rate), times, reason)
        yield form
