"""Rolling indexes: advanced by time, at most two, no drift, killed at any moment."""

import asyncio
import subprocess
import sys
import time

from fraiseql import RollingIndex
from fraiseql.caching.refresh.worker import Worker
from tests.architecture.source_tree import ROOT
from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.indexes.posts import explained, post, posts_served
from tests.integration.caching.indexes.rolling import facts, index_definitions, turns

SECOND = RollingIndex("-created_at", window="30 days", step="1 second")
QUERY = "query ($w: PostWhere) { posts(where: $w, orderBy: [{createdAt: DESC}], limit: 5) { id } }"


async def test_it_is_moved_on_and_the_last_one_goes_a_step_later(posts: str) -> None:
    posts_type = post(SECOND)
    await applied(posts, posts_type)
    names, cutoffs = [], []
    for _ in range(3):
        actual = await index_definitions(posts)
        names.append([row["name"][-2:] for row in actual])
        cutoffs.append(max(row["predicate"] for row in actual))
        assert all(row["valid"] for row in actual)
        assert (await planned(posts, posts_type)).empty
        await asyncio.sleep(1.05)
        assert await turns(posts, posts_type) == 1.0
    assert names == [["_a"], ["_a", "_b"], ["_a", "_b"]]
    assert cutoffs == sorted(set(cutoffs))


async def test_nothing_happens_before_the_time(posts: str) -> None:
    posts_type = post(RollingIndex("-created_at", window="30 days", step="1 day"))
    await applied(posts, posts_type)
    before = await index_definitions(posts)
    assert await turns(posts, posts_type, 3) == 60.0
    assert await index_definitions(posts) == before


async def test_what_is_not_applied_is_left_alone(posts: str) -> None:
    await applied(posts, post())
    await turns(posts, post(SECOND), 2)
    assert await index_definitions(posts) == []


async def test_what_apply_is_in_the_middle_of_is_left_to_it(posts: str) -> None:
    posts_type = post(SECOND)
    await applied(posts, posts_type)
    before = await index_definitions(posts)
    await asyncio.sleep(1.05)
    await sql(posts, "UPDATE fraiseql.ledger SET state = 'doing' WHERE kind = 'rolling index'")
    await turns(posts, posts_type)
    assert await index_definitions(posts) == before
    await sql(posts, "UPDATE fraiseql.ledger SET state = 'done' WHERE kind = 'rolling index'")
    await turns(posts, posts_type)
    assert len(await index_definitions(posts)) == 2


async def test_a_leftover_that_is_not_whole_is_dropped(posts: str) -> None:
    posts_type = post(RollingIndex("-created_at", window="30 days", step="1 day"))
    await applied(posts, posts_type)
    (row,) = await index_definitions(posts)
    other = row["name"][:-2] + "_b"
    await sql(posts, f"CREATE INDEX {other} ON tb_post (id) WHERE created_at > '2100-01-01Z'")
    await sql(
        posts, f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{other}'::regclass"
    )
    assert (await planned(posts, posts_type)).empty
    assert (await facts(posts, posts_type)).names == {row["name"]}
    await turns(posts, posts_type)
    assert await index_definitions(posts) == [row]


async def test_an_index_that_somebody_else_wrote_is_replaced(posts: str) -> None:
    posts_type = post(RollingIndex("-created_at", window="30 days", step="1 day"))
    await applied(posts, posts_type)
    (row,) = await index_definitions(posts)
    await sql(posts, f"DROP INDEX {row['name']}")
    odd = "created_at > 'infinity'"
    await sql(posts, f"CREATE INDEX {row['name']} ON tb_post (created_at) WHERE {odd}")
    assert [state.state for state in (await planned(posts, posts_type)).states] == ["altered"]
    with_facts = await facts(posts, posts_type)
    assert with_facts.bounds == frozenset()
    await applied(posts, posts_type)
    assert await index_definitions(posts) == [row]


async def test_several_workers_build_one_index(posts: str) -> None:
    posts_type = post(SECOND)
    await applied(posts, posts_type)
    await asyncio.sleep(1.05)
    await asyncio.gather(*[turns(posts, posts_type, 5) for _ in range(4)])
    actual = await index_definitions(posts)
    assert [row["valid"] for row in actual] == [True] * len(actual)
    assert len(actual) == 2


async def test_a_removed_declaration_drops_both(posts: str) -> None:
    posts_type = post(SECOND)
    await applied(posts, posts_type)
    await asyncio.sleep(1.05)
    await turns(posts, posts_type)
    assert len(await index_definitions(posts)) == 2
    await applied(posts, post())
    assert await index_definitions(posts) == []


def test_the_service_follows_the_cut_off(posts: str) -> None:
    with posts_served(posts, SECOND) as running:
        worker = Worker(running.service.schema, running.service.settings)
        running.run(worker.start())
        where = {"w": {"createdAt": {"gt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}}}
        seen = set()
        end = time.monotonic() + 60
        while len(seen) < 2 and time.monotonic() < end:
            running.run(asyncio.sleep(0.3))
            running.run(running.service.republish())
            report = explained(running, QUERY, where)
            assert len(report.indexes) == 1
            seen.add(report.sql)
        running.run(worker.stop())
    assert len(seen) > 1


def test_killed_at_any_moment_answers_are_right(posts: str) -> None:
    program = "tests.integration.caching.indexes.killed_builder"
    done = subprocess.run(
        [sys.executable, "-m", program, posts],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    *trials, left = [line.split() for line in done.stdout.splitlines()]
    assert [trial for trial in trials if trial[-1] != "True" or int(trial[2]) > 2] == []
    assert sum(trial[1] == "killed" for trial in trials) >= 20
    assert sum(int(trial[3]) for trial in trials) > 0
    assert left == ["left", "0", "True"]
