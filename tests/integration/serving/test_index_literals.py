"""Statements with and without index hints have the same answers."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fraiseql import Gin, Index, RollingIndex
from fraiseql.naming import to_camel
from fraiseql.repositories import Repository
from tests.integration.caching.indexes.posts import TABLE, explained, posts_served
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served
from tests.sql_text import plain

NOW = datetime.now(UTC).replace(microsecond=0)
INDEXES = (
    Index("id", where={"active": True, "deleted_at": None}),
    Index("id", where="NOT active AND state = 'it''s \\ odd'"),
    Index(("author_id", "-id"), where={"state": "draft"}),
    Index("id", where={"mood": "loud"}),
    Index("id", where={"likes": {"gt": 10}}),
    Index("id", where="likes <= 3 AND likes >= 1"),
    Index("id", where="(data->>'tier') = 'premium'"),
    Index("rank", where={"rank": 7, "pinned": True}),
    RollingIndex("-created_at", window="30 days", step="1 hour"),
    RollingIndex("day", window="30 days"),
    Gin("data"),
)
TEXTS = ["7", "7.0", "1e2", "100", "-0", "true", "false", "null", "", "[1]", '{"a": 1}', "premium"]
TEXTS += ["draft", "it's \\ odd", "x", "7" * 1001, "00", "0.10"]
MOMENTS = [NOW - timedelta(days=days) for days in (0, 1, 29, 30, 31, 40)]
VALUES: dict[str, list[Any]] = {
    "active": [True, False],
    "state": TEXTS,
    "mood": ["CALM", "LOUD"],
    "likes": [0, 1, 2, 3, 4, 10, 11, 12],
    "author_id": [1, 2, 3],
    "created_at": [moment.isoformat() for moment in MOMENTS],
    "local": [moment.isoformat() for moment in MOMENTS],
    "day": [moment.date().isoformat() for moment in MOMENTS],
    "deleted_at": [moment.isoformat() for moment in MOMENTS],
    "slug": TEXTS,
    "tier": TEXTS,
    "code": TEXTS,
    "rank": [7, 0, 100, -1],
    "price": ["7.00", "0.1", "100"],
    "pinned": [True, False],
}
STORED = [*TEXTS, 7, 7.0, 100, 0.1, 1e2, 0, True, False, None, [1], {"a": 1}]
FEW = {"active", "mood", "pinned"}
QUERY = "query ($w: PostWhere) { posts(where: $w, limit: 1000) { id } }"


def rows(count: int = 400) -> str:
    """SQL that fills the table with values that do not fit its fields."""
    chance = random.Random(7)
    texts = []
    for n in range(1, count + 1):
        document = {
            key: chance.choice(STORED)
            for key in ("slug", "tier", "code", "rank", "price", "pinned")
            if chance.random() < 0.9
        }
        moment = NOW - timedelta(hours=chance.randrange(24 * 45))
        values = [
            n,
            chance.randrange(4),
            chance.choice([True, False, None]),
            chance.choice([*TEXTS, None]),
            chance.choice(["calm", "loud", None]),
            chance.choice([0, 1, 2, 3, 4, 10, 11, 12, None]),
            chance.choice([moment, *MOMENTS]).isoformat(),
            chance.choice([NOW.isoformat(), None]),
            json.dumps(document),
        ]
        texts.append("(" + ", ".join(written(value) for value in values) + ")")
    columns = "id, author_id, active, state, mood, likes, created_at, deleted_at, data, title"
    chosen = "a, b, c::boolean, d, e::mood, f, g::timestamptz, h::timestamptz, i::jsonb, 't'"
    return (
        f"INSERT INTO tb_post ({columns}) SELECT {chosen} FROM (VALUES {', '.join(texts)})"
        " AS v (a, b, c, d, e, f, g, h, i); UPDATE tb_post SET day = created_at, local = created_at"
    )


def written(value: Any) -> str:
    if value is None or isinstance(value, bool | int):
        return "NULL" if value is None else str(value)
    return "'" + value.replace("'", "''") + "'"


@pytest.fixture(scope="module")
def both(database: str) -> Iterator[tuple[Served, Served]]:
    """The same table served without facts, and with them."""
    table = TABLE.partition("INSERT INTO")[0]
    # So small a table is read whole, unless that is forbidden.
    name = database.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    forbidden = f"ALTER DATABASE {name} SET enable_seqscan = off"
    at_once(run_sql(database, table, rows(), "ANALYZE tb_post", forbidden))
    with posts_served(database) as without, posts_served(database, *INDEXES) as facts:
        yield without, facts


class Maker:
    """Makes random filters in the grammar of Python."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def where(self, depth: int = 2) -> dict[str, Any]:
        chance = self.chance
        fields = {name: self.operators(name) for name in chance.sample(sorted(VALUES), 2)}
        if depth and chance.random() < 0.5:
            joiner = chance.choice(["and", "or"])
            fields[joiner] = [self.where(depth - 1) for _ in range(chance.randint(1, 3))]
        if depth and chance.random() < 0.3:
            fields["not"] = self.where(depth - 1)
        if chance.random() < 0.6:
            fields.pop(chance.choice(sorted(fields)))
        return fields

    def operators(self, name: str) -> dict[str, Any]:
        chance, values = self.chance, VALUES[name]
        kinds = ["eq", "eq", "eq", "neq", "is_null"]
        kinds += [] if name in FEW else ["gt", "gte", "lt", "lte", "in"]
        kind = chance.choice(kinds)
        if kind == "is_null":
            return {kind: chance.choice([True, False])}
        return {kind: chance.sample(values, 2) if kind == "in" else chance.choice(values)}


def as_input(where: dict[str, Any]) -> dict[str, Any]:
    created: dict[str, Any] = {}
    for key, value in where.items():
        if key in ("and", "or"):
            created[key] = [as_input(part) for part in value]
        elif key == "not":
            created[key] = as_input(value)
        else:
            created[to_camel(key)] = {to_camel(name): operand for name, operand in value.items()}
    return created


def as_literal(value: Any, name: str = "") -> str:
    """Write an input as a literal of the document."""
    if isinstance(value, dict):
        inner = ", ".join(f"{key}: {as_literal(item, name or key)}" for key, item in value.items())
        if name in ("and", "or", "not"):
            inner = ", ".join(f"{key}: {as_literal(item, key)}" for key, item in value.items())
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_literal(item, name) for item in value) + "]"
    return value if name == "mood" and isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("seed", range(4))
def test_answers_are_the_same_with_and_without(both: tuple[Served, Served], seed: int) -> None:
    without, facts = both
    maker = Maker(seed)
    used = 0
    for _ in range(60):
        where = as_input(maker.where())
        expected = without.ask(QUERY, {"w": where})
        assert facts.ask(QUERY, {"w": where}) == expected, where
        literal = f"{{ posts(where: {as_literal(where)}, limit: 1000) {{ id }} }}"
        assert facts.ask(literal) == without.ask(literal), literal
        if expected.get("data"):
            used += 0 < len(expected["data"]["posts"]) < 400
    assert used > 20


def test_each_text_in_each_key_is_found_as_without(both: tuple[Served, Served]) -> None:
    without, facts = both
    for name in ("state", "slug", "tier", "code"):
        for text in TEXTS:
            where = {"w": {name: {"eq": text}}}
            assert facts.ask(QUERY, where) == without.ask(QUERY, where), where


def test_repositories_read_the_same(both: tuple[Served, Served]) -> None:
    maker = Maker(99)
    for _ in range(40):
        where = maker.where()
        answers = []
        for running in both:
            context = running.service.context()
            repo = Repository(context["db"], context)
            variables = json.loads(
                json.dumps(where).replace("CALM", "calm").replace("LOUD", "loud")
            )
            try:
                counted = running.run(repo.count("tb_post", where=variables))
                answers.append(
                    (counted, [r["id"] for r in running.run(repo.find("tb_post", where=variables))])
                )
            except Exception as error:  # noqa: BLE001 - the same refusal is the same answer
                answers.append(str(error))
        assert answers[0] == answers[1], where


def test_facts_are_used_at_all(both: tuple[Served, Served]) -> None:
    without, facts = both
    variables = {"w": {"slug": {"eq": "x"}, "likes": {"gt": 11}, "active": {"eq": True}}}
    sql = plain(explained(facts, QUERY, variables).sql)
    assert "@>" in sql
    assert "> '10'::bigint" in sql
    assert '"active" = true' in sql
    assert "@>" not in explained(without, QUERY, variables).sql


def test_variants_are_bounded(both: tuple[Served, Served]) -> None:
    _, facts = both
    query = (
        "query ($a: Boolean, $s: String, $l: Int, $t: String, $r: Int) { posts(where: {active:"
        " {eq: $a}, state: {eq: $s}, likes: {gt: $l}, tier: {eq: $t}, rank: {eq: $r}}) { id } }"
    )
    texts = set()
    chance = random.Random(1)
    for _ in range(200):
        values = {
            "a": chance.choice([True, False]),
            "s": chance.choice(TEXTS),
            "l": chance.choice([0, 3, 12]),
            "t": chance.choice(TEXTS),
            "r": chance.choice([7, 8]),
        }
        texts.add(explained(facts, query, values).sql)
    assert 2 < len(texts) <= 8
