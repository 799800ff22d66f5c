"""Things with nulls, ties and unusual values in columns of many types, and walks over them."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import asyncpg

import fraiseql
from tests.integration.serving.served import Served

TABLES: Final = """
CREATE TYPE mood AS ENUM ('sad', 'so so', 'glad');
CREATE TABLE thing (
  id int PRIMARY KEY, code int NOT NULL, name text, score float8, ratio numeric, weight float4,
  at timestamptz, day date, mood mood, done boolean, data jsonb);
CREATE INDEX ON thing (code, id);
CREATE INDEX ON thing (score, id);
CREATE VIEW viewed AS SELECT id, name FROM thing;
CREATE TABLE heap (note text);
"""


@fraiseql.enum
class Mood(Enum):
    SAD = "sad"
    SO_SO = "so so"
    GLAD = "glad"


@fraiseql.type(sql_source="thing", jsonb_column="data")
class Thing:
    id: int
    code: int
    name: str | None
    score: float | None
    ratio: Decimal | None
    weight: float | None
    at: datetime | None
    day: date | None
    mood: Mood | None
    done: bool | None
    size: int | None


@fraiseql.type(sql_source="viewed", key="id")
class Viewed:
    id: int
    name: str | None


def may_read(context: Any) -> bool:
    return bool(context.get("may_read"))


@fraiseql.type(sql_source="thing")
class Guarded:
    id: int
    code: int
    score: float | None = fraiseql.field(requires=may_read)
    grade: float | None = fraiseql.field(column="weight", requires=may_read, hide=True)


@fraiseql.type(sql_source="thing", stored=fraiseql.Projection())
class Kept:
    id: int
    code: int
    name: str | None


QUERIES = [
    fraiseql.find("listed", Thing, max_limit=1000),
    fraiseql.connection("things", Thing, by="code", default_limit=4, max_limit=50),
    fraiseql.connection("shown", Thing, where={"code": {"gt": 0}}, order_by=["-score", "name"]),
    fraiseql.connection("viewed", Viewed, order_by="name"),
    fraiseql.connection("guarded", Guarded),
    fraiseql.connection("by_score", Guarded, order_by="-score"),
    fraiseql.connection("by_grade", Guarded, order_by="grade"),
]
NAMES: Final = [
    "id",
    "code",
    "name",
    "score",
    "ratio",
    "weight",
    "at",
    "day",
    "mood",
    "done",
    "size",
]
DIRECTIONS: Final = ["ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_LAST"]
COUNT: Final = 60
PAGE = """query ($o: [ThingOrderBy!], $w: ThingWhere, $f: Int, $a: String, $l: Int, $b: String) {
  things(orderBy: $o, where: $w, first: $f, after: $a, last: $l, before: $b) {
    edges { cursor node { id } } nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }"""


def rows(chosen: random.Random) -> Iterator[tuple[Any, ...]]:
    """Rows with few values of each column, so that terms of orders tie, and with nulls."""
    at = [None, datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]
    for number in range(COUNT):
        yield (
            number,
            chosen.randrange(3),
            chosen.choice([None, "", "a", "B", "ä", 'q"\\', "x" * 90, "\n\U0001f600"]),
            chosen.choice([None, 0.1, -0.0, 1e300, float("inf"), float("nan")]),
            chosen.choice([None, Decimal("0.10"), Decimal("1e30"), Decimal("NaN")]),
            chosen.choice([None, 0.1, 16777217.0]),
            chosen.choice(at),
            chosen.choice([None, date(1999, 12, 31), date(1, 1, 1)]),
            chosen.choice([None, "sad", "so so", "glad"]),
            chosen.choice([None, True, False]),
            chosen.choice(["{}", '{"size": null}', '{"size": 3}', '{"size": 20}', '{"size": "x"}']),
        )


async def fill(url: str) -> None:
    """Insert the rows."""
    places = ", ".join(f"${number}" for number in range(1, 12))
    connection = await asyncpg.connect(url)
    try:
        sql = f"INSERT INTO thing VALUES ({places})"
        await connection.executemany(sql, list(rows(random.Random(5))))
    finally:
        await connection.close()


def random_order(chosen: random.Random) -> list[dict[str, str]]:
    names = chosen.sample(NAMES, chosen.randint(1, 4))
    return [{name: chosen.choice(DIRECTIONS)} for name in names]


class Walk:
    """Pages of one order, compared with the list."""

    def __init__(self, bench: Served, order: list[dict[str, str]], where: Any) -> None:
        self.bench, self.order, self.where = bench, order, where
        query = "query ($o: [ThingOrderBy!], $w: ThingWhere)"
        query += " { listed(orderBy: $o, where: $w, limit: 999) { id } }"
        answer = bench.data(query, {"o": order, "w": where})
        self.ids = [row["id"] for row in answer["listed"]]
        self.cursors: dict[int, str] = {}

    def page(self, start: int, end: int, **arguments: Any) -> dict[str, Any]:
        """Return a page after checking that it is this part of the list."""
        variables = {"o": self.order, "w": self.where, **arguments}
        page = self.bench.data(PAGE, variables)["things"]
        ids = [edge["node"]["id"] for edge in page["edges"]]
        cursors = [edge["cursor"] for edge in page["edges"]]
        assert ids == self.ids[start:end], variables
        assert [node["id"] for node in page["nodes"]] == ids
        info = page["pageInfo"]
        assert info["hasPreviousPage"] == (start > 0), (variables, start, end)
        assert info["hasNextPage"] == (end < len(self.ids)), (variables, start, end)
        ends = (cursors[0], cursors[-1]) if cursors else (None, None)
        assert (info["startCursor"], info["endCursor"]) == ends
        assert page["totalCount"] == len(self.ids)
        for key, cursor in zip(ids, cursors, strict=True):
            assert self.cursors.setdefault(key, cursor) == cursor
        return info

    def forwards(self, size: int) -> None:
        at, cursor = 0, None
        while at < len(self.ids):
            end = min(at + size, len(self.ids))
            cursor = self.page(at, end, f=size, a=cursor)["endCursor"]
            at = end
        self.page(len(self.ids), len(self.ids), f=size, a=cursor) if cursor else None

    def backwards(self, size: int) -> None:
        at, cursor = len(self.ids), None
        while at > 0:
            start = max(at - size, 0)
            cursor = self.page(start, at, l=size, b=cursor)["startCursor"]
            at = start

    def between(self, chosen: random.Random, size: int) -> None:
        """Ask for a page between two rows, from both ends."""
        low, high = sorted(chosen.sample(range(len(self.ids)), 2))
        a, b = self.cursors[self.ids[low]], self.cursors[self.ids[high]]
        self.page(low + 1, min(low + 1 + size, high), f=size, a=a, b=b)
        self.page(max(high - size, low + 1), high, l=size, a=a, b=b)
        self.page(low + 1, low + 1, f=0, a=a, b=b)
