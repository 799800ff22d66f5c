"""While others write, kept and live answers of one snapshot are equal byte for byte."""

import os
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fraiseql.database import Identity
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.events import Timings
from fraiseql.serving import Request
from fraiseql.serving.execution.run import CompiledStoredRoot
from fraiseql.serving.planning import stored_query
from fraiseql.serving.preparation.rights import ALL_RIGHTS

from .shop_writers import FILL, writing
from .stored_env import STRATEGIES, Bench, benches

SECONDS = float(os.environ.get("FRAISEQL_TEST_SECONDS", "4"))
"""How long each strategy is read while writers are at work."""

_OWN = "id name score rating born tags ratios extra vip uid how"
_EMBEDS = "country { id name area } posts { id title price weight at extra %s }"
_REMARKS = "remarks { id body stars writer { id name score } }"
QUERIES = [
    "{ authors(limit: 9) { FIELDS } }",
    "query ($n: Int!) { author(id: $n) { FIELDS } }",
    "query ($n: Int!) { authors(where: {id: {gte: $n}}, orderBy: [{id: DESC}]) { FIELDS } }",
    "{ authors(where: {vip: {eq: true}}, orderBy: [{name: ASC}], limit: 5) { FIELDS } }",
    "query ($n: Int!) { authors(orderBy: [{rating: DESC}], offset: $n) { FIELDS } }",
    '{ authors(where: {not: {name: {startsWith: "a"}}}) { FIELDS } }',
]


@pytest.fixture(scope="module", params=["generated", "projection", "statement", "text"])
def bench(server: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[Bench]:
    # Whatever can be read from what is kept is, also where it would not pay.
    patch = pytest.MonkeyPatch()
    patch.setattr(stored_query, "_is_cheaper", lambda *_: True)
    with benches(server, request.param) as running:
        running.run(running.writer.execute(FILL))
        yield running
    patch.undo()


async def compared(bench: Bench, text: str, variables: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the kept and the live answer of one snapshot, on one connection."""
    request = Request(text, variables=variables)
    serving, _, values = await bench.stored._prepare(request, Timings(), ALL_RIGHTS)
    (root,) = serving.compiled.sql
    assert isinstance(root, CompiledStoredRoot)
    bodies = []
    async with bench.stored.pool.acquire(Identity.NONE) as connection:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for query in (root.stored.query, root.query):
            rows = await connection.fetch(query.text, *query.bind(values))
            item = rows if root.many else rows[0][0] if rows else None
            body, errors, missing = serving.shape.render([(item,)])
            assert not missing
            assert not errors
            bodies.append(bytes(body))
        await connection.execute("COMMIT")
    return bodies[0], bodies[1]


def test_stored_and_live_answers_agree_in_every_snapshot(bench: Bench) -> None:
    chance = random.Random(7)
    embeds = {"generated": "", "statement": _EMBEDS % ""}.get(bench.name, _EMBEDS % _REMARKS)
    seen: set[bytes] = set()
    assert STRATEGIES[bench.name][1] == bool(embeds)
    with writing(bench.url) as writers:
        end = time.monotonic() + SECONDS
        # Longer on a busy machine, until there is something to tell.
        while not writers.failures and (
            (now := time.monotonic()) < end
            or (now < end + 60 and min(writers.committed, len(seen)) <= 20)
        ):
            text = chance.choice(QUERIES).replace("FIELDS", f"{_OWN} {embeds}")
            variables = {"n": chance.randint(0, 9)} if "$n" in text else {}
            stored, live = bench.run(compared(bench, text, variables))
            assert stored == live, (text, variables)
            seen.add(stored)
    assert writers.failures == []
    assert writers.committed > 20
    assert len(seen) > 20, "what was read changed meanwhile"
