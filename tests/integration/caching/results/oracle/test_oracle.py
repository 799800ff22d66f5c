"""Oracle: a hit equals the live answer in the reader's own snapshot, whoever writes meanwhile."""

import random
import shutil
from pathlib import Path

import pytest

from fraiseql.caching.results import group_statement
from fraiseql.database.embedded import EmbeddedServer
from tests.integration.caching.results.oracle.cases import BLOG, OFFICE, Case
from tests.integration.caching.results.oracle.env import KINDS, Kind, opened, reset_database
from tests.integration.caching.results.oracle.memory_reader import MemoryRound, repeat
from tests.integration.caching.results.oracle.rounds import Round, Running

SECONDS = 2.5
HITS = 200


def psql_of(server: EmbeddedServer) -> Path:
    own = server.binaries / "psql"
    psql = shutil.which("psql")
    assert own.exists() or psql, "psql is not installed (Debian: postgresql-client)"
    return own if own.exists() else Path(psql or "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", [BLOG, OFFICE], ids=lambda case: case.name)
async def test_a_hit_is_never_wrong(
    server: EmbeddedServer, database: str, redis_url: str, case: Case, kind: Kind
) -> None:
    seed = random.randrange(10**6)
    await reset_database(database, case)
    async with opened(database, case, kind, redis_url) as env:
        seen = await Running(env, Round(seed, SECONDS, HITS), psql_of(server)).run()
    assert seen.wrong == [], f"seed {seed}"
    assert seen.outcomes["hit"] >= HITS
    assert seen.grouped > 0
    assert seen.outcomes["changed"] > 0
    assert seen.outcomes["compacted"] > 0
    assert seen.committed >= 5  # a busy machine gets through few


@pytest.mark.parametrize("case", [BLOG, OFFICE], ids=lambda case: case.name)
async def test_a_hit_from_memory_is_never_wrong(
    server: EmbeddedServer, database: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine a check may take long.
    monkeypatch.setattr(group_statement, "LONGEST", 30.0)
    monkeypatch.setattr(group_statement, "repeat", repeat)
    seed = random.randrange(10**6)
    await reset_database(database, case)
    async with opened(database, case, "unlogged", "") as env:
        chosen = Round(seed, SECONDS / 2, HITS, fillers=0, readers=3)
        seen = await MemoryRound(env, chosen, psql_of(server)).run()
    assert seen.wrong == [], f"seed {seed}"
    assert seen.outcomes["hit"] >= HITS
    assert seen.outcomes["changed"] > 0
