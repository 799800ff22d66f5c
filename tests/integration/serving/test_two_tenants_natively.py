"""Two tenants on every path of the native server, over the same sockets and connections."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fraiseql.cli.listen import bind_near, port_of
from tests.cache_environment import apply_schema
from tests.integration.cli.program import HOST, running
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.test_two_tenants import KILL, PATHS, ROLE, TABLES
from tests.integration.serving.two_tenants_app import app
from tests.ports import FIRST_PORT
from tests.property.roads import Response, ask_in_order, post

ROOT = Path(__file__).parents[3]
READS = [path for path, (query, _) in PATHS.items() if not query.startswith("mutation")]
LIVE = {"a list", "a key", "an embed", "an aggregate", "nested arguments"}
FROM_MEMORY = {"a cache", "a cached key", "a cached connection", "a cached aggregate"}


@dataclass
class Seen:
    """Answers by path, those without Python, and those that are wrong."""

    answered: Counter[str] = field(default_factory=Counter)
    native: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def judge(self, path: str, tenant: str, response: Response) -> None:
        """Note an answer; a request may be refused while connections are killed."""
        content = json.loads(response.body)
        codes = {error["extensions"]["code"] for error in content.get("errors", ())}
        if codes - {"FORBIDDEN", "ROW_NOT_FOUND"}:
            self.answered["failed"] += 1
            return
        self.answered[path] += 1
        self.native[path] += response.native
        if content["data"]["v"] != PATHS[path][1](tenant):
            self.wrong.append(f"{path} for {tenant}: {content}")


@pytest.fixture
def port(database: str, redis_url: str, tmp_path: Path) -> Iterator[int]:
    at_once(run_sql(database, f"CREATE ROLE {ROLE}", TABLES))
    try:
        at_once(apply_schema(database, app.service.schema))
        with bind_near(HOST, FIRST_PORT + 720) as listening:
            number = port_of(listening)
        (tmp_path / "tests").symlink_to(ROOT / "tests")
        words = ("serve", "tests.integration.serving.two_tenants_app:app", "--port", str(number))
        settings = {"REDIS_URL": redis_url}
        with running(*words, cwd=tmp_path, url=database, settings=settings) as program:
            program.answer(number, "{ __typename }")
            yield number
    finally:
        at_once(run_sql(database, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}"))


async def mixed(url: str, port: int, rule: random.Random, rounds: int) -> Seen:
    """Ask for both tenants on each of three sockets; backends are killed in every fourth round."""
    seen = Seen()

    async def client(paths: list[str]) -> None:
        asked = [(rule.choice(paths), rule.choice("ab")) for _ in range(20)]
        requests = [post(PATHS[path][0], f"X-Tenant: {who}\r\n") for path, who in asked]
        answers = await ask_in_order(port, requests)
        for (path, tenant), answer in zip(asked, answers, strict=True):
            seen.judge(path, tenant, answer)

    for number in range(rounds):
        # Without writes, exact values stay in memory.
        work = [client([*PATHS] if number % 4 == 3 else READS) for _ in range(3)]
        if number % 4 == 0:
            work.append(run_sql(url, KILL))
        await asyncio.gather(*work)
    return seen


def test_no_path_gives_a_row_of_the_other_tenant(database: str, port: int) -> None:
    seed = random.randrange(10**6)
    seen = at_once(mixed(database, port, random.Random(seed), 15))
    assert seen.wrong == [], f"seed {seed}"
    assert {path for path in PATHS if seen.answered[path]} == set(PATHS), seen.answered
    natives = {path for path, count in seen.native.items() if count}
    assert natives >= LIVE, seen.native
    assert natives & FROM_MEMORY, seen.native
