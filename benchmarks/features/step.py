"""Interleaved rounds of each feature on FraiseQL and on Strawberry."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import asyncpg

from benchmarks import agreement, load, postgres, result, serving
from benchmarks.bench import Bench
from benchmarks.data import ensure
from benchmarks.features.operations import BATCH, CURSOR, PAGE, operations
from benchmarks.operations import Operation
from benchmarks.serving import Peer, Round, Running

KIND: Final = "features"
OURS: Final = "FraiseQL"
PEERS: Final = (
    Peer("Strawberry, loaders", "strawberry_features"),
    Peer(OURS, "fraiseql_features"),
)
_BEFORE: Final = 1000 * PAGE - PAGE
_SERVERS_OWN: Final = ("cursor", "endCursor")
"""Fields whose texts differ between servers."""


async def run(bench: Bench) -> None:
    """Measure every feature on both servers, and write the result."""
    bench = await _with_data(bench)
    print(f"  {bench.cores}; load by {load.generator()}", flush=True)
    rounds: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    with serving.started(bench, PEERS) as running:
        for each in operations(bench.plan.size):
            names[each.name] = each.title
            # Each update leaves a dead row: every feature begins without any.
            await _vacuum(bench.database.url)
            rounds += map(asdict, _rounds(bench, each, running))
    method = serving.method(bench) | {
        "agreement": "answers compared as parsed JSON before timing, without cursors",
        "writes": f"each in a transaction of its own; {BATCH:,} rows by one filter",
    }
    result.write(KIND, bench, method, {"operations": names, "rounds": rounds})


async def _with_data(bench: Bench) -> Bench:
    """Return the environment with a database that may be written to."""
    size, url = bench.plan.size, bench.database.url
    name = size.label_of(KIND)
    await postgres.create(url, name)
    own = url.replace(size.label, name)
    await ensure(own, size, files=("base.sql", "features.sql"), last="note")
    return replace(bench, database=replace(bench.database, url=own))


async def _vacuum(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM ANALYZE tb_post")
    finally:
        await connection.close()


def _rounds(bench: Bench, operation: Operation, running: Sequence[Running]) -> Iterator[Round]:
    asked = [(each, _for_peer(operation, each)) for each in running]
    _agree(asked, 2 if bench.plan.quick else 10)
    for (_, application), own in asked:
        load.run(own, application.port, 1 if bench.plan.quick else 2, 0, bench.cores.others)
    for number in range(1, bench.plan.rounds + 1):
        for each, own in asked:
            yield serving.undisturbed(bench, own, each, number)


def _for_peer(operation: Operation, running: Running) -> Operation:
    """Return an operation with a cursor in the form of the server."""
    if CURSOR not in operation.text:
        return operation
    peer, application = running
    if peer.name != OURS:
        cursor = base64.urlsafe_b64encode(str(_BEFORE).encode()).decode()
    else:
        query = (
            f"{{ postPages(where: {{id: {{lte: {_BEFORE}}}}}, last: 1) {{ edges {{ cursor }} }} }}"
        )
        answer = json.loads(agreement.ask(application.port, json.dumps({"query": query}).encode()))
        cursor = answer["data"]["postPages"]["edges"][0]["cursor"]
    return replace(operation, text=operation.text.replace(CURSOR, cursor))


def _agree(asked: Sequence[tuple[Running, Operation]], count: int) -> None:
    """Check that both servers answer the same.

    Raises:
        DisagreementError: They do not, or an answer has errors.
    """
    ((_, first), own), *others = asked
    for value in own.values(seed=7, count=count):
        content = agreement.ask(first.port, own.body(value))
        expected = _comparable(json.loads(content))
        for (peer, application), operation in others:
            answered = json.loads(agreement.ask(application.port, operation.body(value)))
            if "errors" in answered or _comparable(answered) != expected:
                raise agreement.DisagreementError(
                    f"{peer.name} to {operation.name}({value}): {json.dumps(answered)[:500]};"
                    f" {first.name}: {content[:500]!r}"
                )
    print(f"  {own.name}: {len(asked)} servers agree, {len(content):,} bytes", flush=True)


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _comparable(part) for name, part in value.items() if name not in _SERVERS_OWN}
    return [_comparable(part) for part in value] if isinstance(value, list) else value
