"""Predicates of developers: plain ones are inspected together, and all as each by itself."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from fraiseql.caching.dependencies import predicates
from fraiseql.caching.dependencies.inspection import inspect_dependencies
from fraiseql.caching.dependencies.parsed import Predicate
from fraiseql.caching.dependencies.predicates import InspectedPredicate, load_predicates
from fraiseql.database import Pool, open_pool
from fraiseql.settings import Settings

TABLES = """
DROP SCHEMA IF EXISTS pred CASCADE; CREATE SCHEMA pred; SET search_path = pred;
CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
CREATE TABLE box (id int, place int, at timestamptz, mood mood, name short, note text);
CREATE TABLE item (id int, box_id int, place int);
CREATE VIEW full_box AS SELECT id, place, now() AS seen FROM box WHERE place > 0;
CREATE FUNCTION doubled(int) RETURNS int IMMUTABLE RETURN $1 * 2;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
"""
PLAIN = ("place > 0", "place > 0 AND note = 'x'", "note IS NULL", "id = ANY (ARRAY[1, 2])", "true")
OTHERS = (
    "at > now()",
    "at > 'yesterday'",
    "mood = 'good'",
    "name = 'n'",
    "pred.doubled(place) = 2",
    "place OPERATOR(pred.===) 1",
    "EXISTS (SELECT FROM pred.item WHERE box_id = 1)",
    "note ~ current_user",
    "place > random()",
    "to_char(at, 'Day') = note",
    "row(1)::pred.item IS NULL",
    "place >",
)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    connection = await asyncpg.connect(database)
    await connection.execute(TABLES)
    await connection.close()
    pool = await open_pool(database, Settings())
    yield pool
    await pool.close()


def of(relation: str, *texts: str) -> list[Predicate]:
    return [Predicate("field", f'"pred"."{relation}"', text) for text in texts]


async def each_by_itself(
    pool: Pool, texts: list[Predicate], monkeypatch: pytest.MonkeyPatch
) -> dict[Predicate, InspectedPredicate]:
    async def never(*_: object) -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(predicates, "_are_plain", never)
        return {each: (await load_predicates(pool, [each]))[each] for each in texts}


async def test_predicates_are_inspected_together_as_each_by_itself(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = [*of("item", "place < 5"), *of("full_box", "place > 3")]
    alone = await each_by_itself(pool, [*of("box", *PLAIN, *OTHERS), *beside], monkeypatch)
    plain = [*of("box", *PLAIN), beside[0]]
    assert await load_predicates(pool, plain) == {each: alone[each] for each in plain}
    for other in (*of("box", *OTHERS), beside[1]):
        chosen = [plain[0], other]
        assert await load_predicates(pool, chosen) == {each: alone[each] for each in chosen}


async def test_plain_predicates_take_one_inspection(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    inspect = inspect_dependencies

    async def counted(*args: object, **options: object) -> object:
        asked.append(args[1:])
        return await inspect(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(predicates, "inspect_dependencies", counted)
    inspected = await load_predicates(pool, [*of("box", *PLAIN), *of("item", "place < 5")])
    assert len(asked) == 1
    assert all(not each.calls and not each.reads for each in inspected.values())
    asked.clear()
    await load_predicates(pool, of("box", "at > now()"))
    assert len(asked) == 3
