"""Every operation of the tests is answered alike: live, stored and cached, with a role or none."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import pytest

from fraiseql.database.embedded import EmbeddedServer
from fraiseql.schema import build_schema
from tests.conftest import SERVERS

from .all_schemas import Stage, stages
from .answers import Answers, counted, run, started
from .corpus import everything, written
from .operations import Operation

ROLE = "fql_differ"
WITH_ROLE = {"role": ROLE}
GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {ROLE};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE};
"""
HIDING = f"""
ALTER TABLE novel ENABLE ROW LEVEL SECURITY;
CREATE POLICY fql_differ ON novel TO {ROLE} USING (id <> 1);
"""

_MIXED = ("COLUMN_NOT_STORABLE",)
_JSON = ("COLUMN_NOT_STORABLE", "TABLE_NOT_STORABLE", "VIEW_NOT_STORABLE")
LIVE = {
    "columns": {"Person": _MIXED},
    "computed": {"Shop": _MIXED, "Item": _JSON},
    "fixed_filter": {"Post": ("COLUMN_NOT_STORABLE", "TABLE_NOT_STORABLE")},
    "golden": {"Author": _MIXED, "Book": _JSON, "Review": _MIXED},
    "repository": {"House": _MIXED, "Loose": ("NEEDS_KEY", "TABLE_NOT_STORABLE"), "Room": _JSON},
    "resolvers": {"Thing": _JSON},
    "samples": {"Sample": _JSON},
    "shop": {"Writer": ("NAME_TAKEN",)},
    "reserved_names": {"Sorted": ("NAME_TAKEN",), "Worded": _JSON},
    "rich_schema": {"Item": _JSON},
}
"""Types that cannot be stored, and why: most have fields that stand in a document of their own."""

UNREAD = frozenset({"abstract", "rich_schema"})
"""Stages whose stored types are hardly read but inside of others."""

LEAST = 550
"""Operations that there are at least: fewer mean that some are not found any more."""


@cache
def corpus() -> dict[str, tuple[Stage, list[Operation]]]:
    """Return each stage with its operations."""
    collected = {}
    for stage in stages():
        schema = build_schema(types=stage.types, queries=stage.queries).graphql
        collected[stage.name] = stage, [*stage.operations, *written(schema), *everything(schema)]
    return collected


# Written down, since every process collects this file, and operations take seconds to draw.
STAGES = (
    "abstract",
    "columns",
    "computed",
    "fixed_filter",
    "repository",
    "results",
    "reserved_names",
    "writers",
    "bounds",
    "golden",
    "positions",
    "resolvers",
    "related",
    "pages",
    "samples",
    "shop",
    "rich_schema",
)


@dataclass
class Bench:
    """A server on which stages are served, each in a database of its own.

    Attributes:
        server: The server.
        share: Of the operations of each stage, every second one from this number on; and the number
            of the strategy by which types are stored.
    """

    server: EmbeddedServer
    share: int

    def ask(self, name: str, work: Any) -> None:
        """Serve a stage and let ``work`` ask it."""
        asyncio.run(self._asked(name, work))

    async def _asked(self, name: str, work: Any) -> None:
        database = f"fql_differ_{name}"
        await run(self.server.url, (f"CREATE DATABASE {database}", ()))
        url = self.server.url_for(database)
        answers = await started(url, corpus()[name][0], GRANTS, self.share)
        try:
            await work(url, answers)
        finally:
            await answers.stop()
            await run(self.server.url, (f"DROP DATABASE {database} WITH (FORCE)", ()))

    def operations(self, name: str) -> Iterator[Operation]:
        """Yield the operations of a stage that this server is asked."""
        return islice(corpus()[name][1], self.share, None, len(SERVERS))


@pytest.fixture(scope="module")
def bench(server: EmbeddedServer, server_kind: str) -> Iterator[Bench]:
    def at_once(sql: str) -> None:
        asyncio.run(run(server.url, (sql, ())))

    at_once(f"CREATE ROLE {ROLE}")
    with counted():
        yield Bench(server, SERVERS.index(server_kind))
    at_once(f"DROP ROLE {ROLE}")


def test_every_operation_of_the_tests_is_collected() -> None:
    assert tuple(corpus()) == STAGES
    assert sum(len(operations) for _, operations in corpus().values()) >= LEAST


@pytest.mark.parametrize("name", STAGES)
def test_every_way_gives_the_live_answer(bench: Bench, name: str) -> None:
    if name in LIVE and STAGES.index(name) % len(SERVERS) != bench.share:
        pytest.skip("nothing of it is stored: the other server is asked")

    async def work(_url: str, answers: Answers) -> None:
        assert answers.refused == LIVE.get(name, {})
        for operation in bench.operations(name):
            live = await answers.ask("live", operation, {})
            for context in ({}, WITH_ROLE):
                for way in ("live", "stored", "cached", "cached"):
                    answer = await answers.ask(way, operation, context)
                    assert answer == live, (way, context, operation)
        for role in (None, ROLE):
            assert answers.outcomes["hit", role] > 0
        # Without this, two live answers could be compared.
        if answers.strategies and name not in UNREAD:
            assert answers.outcomes["stored", None] > 0
            assert answers.outcomes["stored", ROLE] == answers.outcomes["stored", None]

    bench.ask(name, work)


def test_what_a_policy_hides_is_hidden_in_every_way(bench: Bench) -> None:
    hidden = []

    async def work(url: str, answers: Answers) -> None:
        operations = [item for item in bench.operations("writers") if "novels" in item.text]
        for operation in operations:
            for way in ("stored", "cached"):
                await answers.ask(way, operation, WITH_ROLE)
        await run(url, (HIDING, ()))
        for service in ("stored", "cached"):
            for operation in operations:
                whole = await answers.ask("live", operation, {})
                live = await answers.ask("live", operation, WITH_ROLE)
                answer = await answers.ask(service, operation, WITH_ROLE)
                assert answer == live, (service, operation)
                hidden.append(live != whole)
            await answers.services[service].republish()
            for operation in operations:
                live = await answers.ask("live", operation, WITH_ROLE)
                assert await answers.ask(service, operation, WITH_ROLE) == live, operation

    bench.ask("writers", work)
    assert any(hidden)
