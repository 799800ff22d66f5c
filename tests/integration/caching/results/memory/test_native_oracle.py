"""Oracle of hits from the native server's memory, beside writers; and rules that are left out.

The oracle is ``crates/fraiseql-runtime/examples/hits_oracle.rs``. Transactions stay open for random
times, so that commits come in another order than their numbers.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fraiseql.caching.results.checks import CheckSetup, check_sql
from fraiseql.caching.results.stores.pool import open_check_pool
from fraiseql.caching.results.watched import NOTHING_WATCHED
from fraiseql.settings import Settings
from tests.integration.caching.results.engine.cache_fixture import prepare
from tests.integration.flights import at_once

ROOT = Path(__file__).parents[5]
TABLES = """
CREATE TABLE oracle_counter (id int PRIMARY KEY, n bigint NOT NULL);
INSERT INTO oracle_counter SELECT k, 0 FROM generate_series(0, 7) AS k"""


async def setup_of(url: str) -> dict[str, Any]:
    """Return what the oracle needs: the check of Python, and where it asks."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    await connection.close()
    pool = await open_check_pool(Settings().with_values(database_url=url))
    try:
        opened = await pool.connections.acquire()
        address, pair = opened.endpoint.address, check_sql(NOTHING_WATCHED)
        loaded, started = CheckSetup(address, opened.origin, 1, pair).times
        pool.connections.discard(opened)
    finally:
        await pool.close()
    setup = {"url": url, "address": address, "loaded": loaded, "started": started}
    return setup | {"probe": pair.probe, "statement": pair.statement, "readers": 12, "writers": 4}


@pytest.fixture(scope="module")
def setup(database: str) -> dict[str, Any]:
    at_once(prepare(database))
    return at_once(setup_of(database))


@pytest.fixture(scope="module")
def oracle() -> Path:
    """The built oracle."""
    # As scripts/check.py builds the tests, so that the libraries are compiled once.
    words = ["--quiet", "--workspace", "--locked", "--profile=ci", "--example", "hits_oracle"]
    words += ["--features", "fraiseql-runtime/mutants"]
    subprocess.run(["cargo", "build", *words], cwd=ROOT, check=True)
    return ROOT / "target" / "ci" / "examples" / "hits_oracle"


def judged(
    oracle: Path, setup: dict[str, Any], directory: Path, mutant: str = "", seconds: int = 4
) -> dict[str, int]:
    """Run the oracle; return its counts."""
    path = directory / "setup.json"
    path.write_text(json.dumps(setup | {"seconds": seconds}))
    words = [oracle, path, *([mutant] if mutant else [])]
    ran = subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=120)
    counts: dict[str, int] = json.loads(ran.stdout)
    return counts


def test_a_native_hit_is_never_stale(oracle, setup, tmp_path):
    counts = judged(oracle, setup, tmp_path)
    assert counts["hits"] > 100
    assert counts["stale"] == 0


@pytest.mark.parametrize("mutant", ["rides", "late", "ignores"])
def test_each_native_rule_is_needed(oracle, setup, tmp_path, mutant):
    assert judged(oracle, setup, tmp_path, mutant)["stale"] > 0
