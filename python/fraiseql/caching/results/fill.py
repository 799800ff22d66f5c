"""Answering what is not in memory: from another's flight, from the store, or by computing."""

from collections.abc import Sequence

from fraiseql.caching.results.coalescing import Turn
from fraiseql.caching.results.leading import Leading
from fraiseql.caching.results.runtime import Process, Value, given
from fraiseql.caching.results.stores.failsafe import Guarded
from fraiseql.caching.results.stores.request import Subject
from fraiseql.results import Answered, Compute


async def answer(
    process: Process,
    store: Guarded,
    subject: Subject,
    etags: Sequence[bytes],
    compute: Compute,
) -> Answered:
    """Answer one request.

    Args:
        process: What the process shares.
        store: Where the value is kept.
        subject: What is asked.
        etags: Digests of values that the client has.
        compute: Computes the value.

    Raises:
        Whatever ``compute`` raises.
    """
    if store.rests(subject):
        return await process.alone(subject.query, compute, "resting")
    flight = process.flights.lead(subject.key)
    waited = flight is None
    if flight is None:
        told = await process.flights.wait(subject.key, process.patience)
        if isinstance(told, Value):
            return process.count(subject, told, given(told, etags, collapsed=True))
        if isinstance(told, Turn):
            return await process.alone(subject.query, compute, "alone")
        flight = told
    turn = Leading(
        process, store, subject, flight=flight, etags=etags, compute=compute, waited=waited
    )
    return await turn.answer()
