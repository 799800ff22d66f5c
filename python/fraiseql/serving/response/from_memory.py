"""Responses made of exact values in the process's memory.

One freshness check confirms all values of a response. Whatever needs more (a value that is not
there, may be stale or has errors) is left to ``answer_parts``.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from time import perf_counter

from fraiseql.database import Identity
from fraiseql.events import Timings
from fraiseql.results import CacheResult, CacheStatus, FieldCache, FieldRequest, Remembered
from fraiseql.serving.preparation.serving_plan import Split
from fraiseql.serving.response.assemble import joined_etag, joined_values
from fraiseql.serving.response.response import Response

Confirm = Callable[[Sequence[Remembered]], Awaitable[list[CacheResult] | None]]
"""Confirms values; see ``Results.confirm``."""


async def answer_from_memory(
    split: Split,
    request: FieldRequest,
    etags: Collection[str],
    confirm: Confirm,
    timings: Timings,
) -> Response | None:
    """Return the response, or None where ``answer_parts`` has to answer.

    Args:
        split: The root fields of the operation.
        request: What all of them share.
        etags: Digests of responses that the client has.
        confirm: Confirms the values.
        timings: Records the time of the check.
    """
    start, units = perf_counter(), split.units(request.identity)
    values: list[Remembered] = []
    for unit in units:
        value = unit.remembered(request)
        if value is None:
            return None
        values.append(value)
    etag = joined_etag(split, [value.etag for value in values])
    unchanged = etag != "" and etag in etags
    if not values or (etags and not unchanged):
        # The client may have some of the values.
        return None
    hits = await confirm(values)
    if hits is None:
        return None
    timings.sql = max(0.0, perf_counter() - start)
    status = _status(split, hits, units, request.identity)
    status.etag, status.remembered = etag, values
    if not unchanged:
        return Response(joined_values(split.parts, hits), cached=status)
    status.unchanged = True
    for hit in hits:
        # They are of this request alone.
        hit.value, hit.unchanged = None, True
    return Response(b"", cached=status)


def _status(
    split: Split, hits: Sequence[CacheResult], units: Sequence[FieldCache], identity: Identity
) -> CacheStatus:
    """Return the cache metadata of a response, without its etag."""
    private = identity is not Identity.NONE
    if len(units) == 1:
        # Most operations have one field: without lists this takes half the time.
        answers = {split.parts[0].key: hits[0]}
        max_age, private = units[0].max_age, private or units[0].private
    else:
        answers = {part.key: hit for part, hit in zip(split.parts, hits, strict=True)}
        max_age = min([unit.max_age for unit in units])
        private = private or True in [unit.private for unit in units]
    return CacheStatus(answers, split.roots, True, "", False, max_age, private)
