"""Responses of operations with cached root fields."""

from collections.abc import Sequence
from time import perf_counter

from fraiseql.serving.preparation.serving_plan import ServingPlan, Split
from fraiseql.serving.response.answer import PartitionedRequest, answer_parts, answer_unchanged
from fraiseql.serving.response.assemble import assemble, cached, client_etags
from fraiseql.serving.response.outage import outage
from fraiseql.serving.response.response import Response
from fraiseql.serving.response.staleness import staleness, withheld


async def answer_split(
    serving: ServingPlan,
    split: Split,
    request: PartitionedRequest,
    etags: Sequence[str],
) -> Response:
    """Return the response of an operation with cached root fields.

    Args:
        serving: Its plan.
        split: Its root fields.
        request: The request.
        etags: Digests of responses that the client has.
    """
    request.etags = client_etags(split, etags) if etags else {}
    start = perf_counter()
    results = await answer_parts(split.parts, request)
    metadata = cached(split, results, request.identity)
    unchanged = metadata.unchanged and metadata.etag in etags
    if metadata.unchanged and not unchanged:
        results = await answer_unchanged(split.parts, results, request)
        metadata = cached(split, results, request.identity)
    # Several fields are rendered while others are fetched.
    request.timings.sql = max(0.0, perf_counter() - start - request.timings.render)
    if unchanged:
        return Response(b"", cached=metadata)
    errors = [error for result in results for error in result.errors]
    if errors:
        no_data = any(result.value is None for result in results)
        away = outage(errors, split.roots, no_data=no_data)
        if away is not None:
            return away
    reports = [report for result in results for report in result.reports]
    stale = staleness(reports, serving.compiled.plan)
    body = assemble(split.parts, results, stale)
    return Response(body, cached=metadata if metadata.answers else None, withheld=withheld(reports))
