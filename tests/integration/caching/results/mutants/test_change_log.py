"""Marks: what triggers and refreshes write to the log; without one of them a hit is wrong."""

import random
from collections.abc import Callable, Iterator

import pytest

import fraiseql
from fraiseql.caching.dependencies import fingerprint
from fraiseql.caching.results import row_triggers
from fraiseql.caching.strategies.materialized_view import refreshing
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.database.writing import open_admin
from fraiseql.schema.storage import MaterializedView
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP TABLE IF EXISTS score CASCADE;
CREATE TABLE score (id int PRIMARY KEY, team int, points int NOT NULL);
INSERT INTO score SELECT n, n % 3, n FROM generate_series(1, 9) n;
"""
VIEW = """
SELECT format('"%s"."%s"', n.nspname, c.relname) AS name FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm'
"""
WRITES = (
    "UPDATE score SET team = 1 WHERE team = 0",
    "INSERT INTO score VALUES (10, 0, 5)",
    "UPDATE score SET points = points + 1 WHERE team = 1",
    "DELETE FROM score WHERE team = 2",
    "UPDATE score SET team = NULL WHERE id = 10",
    "BEGIN; SAVEPOINT s; UPDATE score SET team = 2; ROLLBACK TO s; COMMIT",
    "INSERT INTO score SELECT n, n % 1500, 1 FROM generate_series(11, 3000) n",
    "UPDATE score SET points = 0 WHERE id > 500",
    "UPDATE score SET id = id WHERE team = 1",
    "TRUNCATE score",
)


@fraiseql.query(cache=fraiseql.Cache(tags=("score.team={team}",)))
async def points(info: fraiseql.Info, team: int) -> int:
    """What a team has; 0 for one without scores."""
    text = "SELECT coalesce(sum(points), 0)::int FROM score WHERE team = $1"
    return await info.context["db"].fetchval(text, team)


@fraiseql.type(
    sql_source="mv_total",
    stored=MaterializedView(sql="SELECT team, sum(points)::int AS points FROM score"
                            " WHERE team IS NOT NULL GROUP BY team", refresh="1h", key=("team",)),
)  # fmt: skip
class Total:
    team: int
    points: int


QUERIES = [points, fraiseql.find("totals", Total, order_by="team", cache=fraiseql.Cache())]
ONE = "query ($team: Int!) { points(team: $team) }"
Patch = pytest.MonkeyPatch


@pytest.fixture
def cached(database: str, request: pytest.FixtureRequest, monkeypatch: Patch) -> Iterator[Served]:
    """The scores, with one mark left out where a test asks for that."""
    at_once(run_sql(database, TABLES))
    damage: Callable[[Patch], None] | None = getattr(request, "param", None)
    if damage is not None:
        damage(monkeypatch)
    with served_with_caches(database, queries=QUERIES) as running:
        yield running


def wrong_points(cached: Served) -> tuple[int, list[str]]:
    """Ask for all teams between writes; count hits, list what is wrong."""
    hits, wrong = 0, []
    for write in ("SELECT", *WRITES):
        cached.execute(write)
        for team in (0, 1, 2, 7, 0, 1, 2, 7):
            response = respond(cached, ONE, variables={"team": team})
            hits += outcomes(response) == {"points": "hit"}
            text = "SELECT coalesce(sum(points), 0) AS n FROM score WHERE team = $1"
            right = f'{{"data":{{"points":{cached.fetch(text, team)[0]["n"]}}}}}'
            if bytes(response.body).decode() != right:
                wrong.append(f"{write}: team {team}: {bytes(response.body)!r}, not {right}")
    return hits, wrong


def wrong_totals(cached: Served) -> tuple[int, list[str]]:
    """Refresh the view after writes; it, and not what was read from it before, is to be given."""
    view = cached.fetch(VIEW)[0]["name"]

    async def refresh() -> None:
        async with open_admin(cached.service.pool) as writer:
            done = await refresh_view(writer, view)
            assert done is not None
            assert done.concurrently

    hits, wrong = 0, []
    for number in range(4):
        cached.execute(f"UPDATE score SET points = points + {random.randint(1, 9)} WHERE id = 1")
        cached.run(refresh())
        for _ in range(2):
            response = respond(cached, "{ totals { points } }")
            hits += outcomes(response) == {"totals": "hit"}
            rows = cached.fetch(f"SELECT points FROM {view} ORDER BY team")
            right = ",".join(f'{{"points":{row["points"]}}}' for row in rows)
            if f"[{right}]".encode() not in bytes(response.body):
                wrong.append(f"{number}: {bytes(response.body)!r}, not {right}")
    return hits, wrong


def row_trigger(old: str, new: str) -> Callable[[Patch], None]:
    """Change what the row triggers say."""

    def damage(patch: Patch) -> None:
        whole = row_triggers._body

        def body(*arguments: object) -> str:
            text = whole(*arguments)
            assert old in text
            return text.replace(old, new)

        patch.setattr(row_triggers, "_body", body)

    return damage


def no_mark(patch: Patch) -> None:
    assert refreshing._MARKED.lstrip().startswith("INSERT")
    patch.setattr(refreshing, "_MARKED", "SELECT $1::text")
    # A refresh makes another version of the view's row in the catalog, too.
    parts = fingerprint.PARTS_OF_ANSWERS
    less = tuple(part for part in parts if part.title != "a relation or a privilege on it")
    assert len(less) == len(parts) - 1
    patch.setattr(fingerprint, "PARTS_OF_ANSWERS", less)


ROWS = {
    "no old values": row_trigger(' UNION ALL SELECT o."team" FROM fql_old o', ""),
    "no new values": row_trigger('SELECT n."team" AS v FROM fql_new n UNION ALL SELECT o."team"',
                                 'SELECT o."team" AS v'),
    "many values are none": row_trigger(f"> {row_triggers.MOST_KEYS} THEN\n    INSERT",
                                        "> 1000 AND false THEN\n    INSERT"),
}  # fmt: skip


def test_rows_of_one_value_end_their_own_entries(cached: Served) -> None:
    hits, wrong = wrong_points(cached)
    assert wrong == []
    assert hits > 4 * len(WRITES)


def test_a_refresh_ends_entries(cached: Served) -> None:
    hits, wrong = wrong_totals(cached)
    assert wrong == []
    assert hits > 0


@pytest.mark.parametrize("cached", list(ROWS.values()), ids=list(ROWS), indirect=True)
def test_each_side_of_a_row_trigger_is_needed(cached: Served) -> None:
    assert wrong_points(cached)[1] != []


@pytest.mark.parametrize("cached", [no_mark], indirect=True)
def test_the_mark_of_a_refresh_is_needed(cached: Served) -> None:
    assert wrong_totals(cached)[1] != []
