"""Interleaved rounds of each feature on FraiseQL, Strawberry and PostGraphile."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import asyncpg

from benchmarks import agreement, load, postgres, result, serving
from benchmarks.bench import Bench
from benchmarks.data import ensure
from benchmarks.features import postgraphile
from benchmarks.features.operations import BATCH, CURSOR, PAGE, operations
from benchmarks.operations import Operation
from benchmarks.processes import Application
from benchmarks.serving import Peer, Round, Running

KIND: Final = "features"
OURS: Final = "FraiseQL"
PEERS: Final = (
    Peer("Strawberry, loaders", "strawberry_features"),
    Peer(postgraphile.NAME, "postgraphile", server="node"),
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
    asked = [(each, _for_peer(operation, each)) for each in running if _has(operation, each)]
    _agree(asked, 2 if bench.plan.quick else 10)
    for (_, application), own in asked:
        load.run(own, application.port, 1 if bench.plan.quick else 2, 0, bench.cores.others)
    for number in range(1, bench.plan.rounds + 1):
        for each, own in asked:
            yield serving.undisturbed(bench, own, each, number)


def _has(operation: Operation, running: Running) -> bool:
    return running[0].name != postgraphile.NAME or operation.name in postgraphile.TEXTS


def _for_peer(operation: Operation, running: Running) -> Operation:
    """Return an operation in the words of the server, with a cursor in its form."""
    peer, application = running
    if peer.name == postgraphile.NAME:
        operation = replace(operation, text=postgraphile.TEXTS[operation.name])
    if CURSOR not in operation.text:
        return operation
    if peer.name == postgraphile.NAME:
        cursor = _cursor(application, postgraphile.cursor_query(_BEFORE))
    elif peer.name == OURS:
        query = (
            f"{{ postPages(where: {{id: {{lte: {_BEFORE}}}}}, last: 1) {{ edges {{ cursor }} }} }}"
        )
        cursor = _cursor(application, query)
    else:
        cursor = base64.urlsafe_b64encode(str(_BEFORE).encode()).decode()
    return replace(operation, text=operation.text.replace(CURSOR, cursor))


def _cursor(application: Application, query: str) -> str:
    answer = json.loads(agreement.ask(application.port, json.dumps({"query": query}).encode()))
    cursor: str = answer["data"]["postPages"]["edges"][0]["cursor"]
    return cursor


def _agree(asked: Sequence[tuple[Running, Operation]], count: int) -> None:
    """Check that the servers answer the same.

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
    return _without_cursors(postgraphile.unwrapped(value))


def _without_cursors(value: Any) -> Any:
    if isinstance(value, dict):
        rest = {name: part for name, part in value.items() if name not in _SERVERS_OWN}
        return {name: _without_cursors(part) for name, part in rest.items()}
    return [_without_cursors(part) for part in value] if isinstance(value, list) else value
