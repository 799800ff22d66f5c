"""Things on shelves: their tables, their rows and their declarations."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import asyncpg

import fraiseql

TABLES: Final = """
CREATE TYPE mood AS ENUM ('SAD', 'FINE', 'GLAD');
CREATE TABLE shelf (id int PRIMARY KEY, name text, rank int);
CREATE TABLE thing (
  id int PRIMARY KEY, shelf_id int REFERENCES shelf, code int NOT NULL, name text, score float8,
  ratio numeric, at timestamptz, day date, mood mood, done boolean);
CREATE INDEX ON thing (shelf_id);
"""
MOST: Final = 200


@fraiseql.enum
class Mood(Enum):
    SAD = "SAD"
    FINE = "FINE"
    GLAD = "GLAD"


@fraiseql.type(sql_source="thing")
class Thing:
    id: int
    code: int
    name: str | None
    score: float | None
    ratio: Decimal | None
    at: datetime | None
    day: date | None
    mood: Mood | None
    done: bool | None
    shelf: "Shelf | None" = fraiseql.embed("shelf", via="shelf_id")


@fraiseql.type(sql_source="shelf")
class Shelf:
    id: int
    name: str | None
    rank: int | None
    things: list[Thing] = fraiseql.embed(
        "thing", on="shelf_id", connection=True, limit=50, max_items=MOST
    )


QUERIES: Final = [
    fraiseql.connection("things", Thing, default_limit=50, max_limit=MOST),
    fraiseql.connection("shelves", Shelf, default_limit=50, max_limit=MOST),
]


def rows(chosen: random.Random) -> Iterator[tuple[Any, ...]]:
    """Rows with few values of each column, so that terms of orders tie, and with nulls."""
    at = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(1, 61):
        yield (
            number,
            chosen.choice([None, 1, 2, 3, 4]),
            chosen.randrange(3),
            chosen.choice([None, "", "a", "B", "ä", 'q"\\', "50%", "a_b", "\n\U0001f600"]),
            chosen.choice([None, 0.1, -1.5, 1e300, 5e-324]),
            chosen.choice([None, Decimal("0.10"), Decimal(-2), Decimal("12345678901234567890.5")]),
            chosen.choice([None, at, at.replace(microsecond=1)]),
            chosen.choice([None, date(1999, 12, 31), date(2, 1, 1), date(2024, 2, 29)]),
            chosen.choice([None, "SAD", "FINE", "GLAD"]),
            chosen.choice([None, True, False]),
        )


async def fill(url: str, chosen: random.Random) -> None:
    """Replace all rows."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("TRUNCATE thing, shelf")
        shelves = [
            (n, chosen.choice([None, "a", "B", ""]), chosen.choice([None, 0, 1, 2]))
            for n in range(1, 7)
        ]
        await connection.executemany("INSERT INTO shelf VALUES ($1, $2, $3)", shelves)
        places = ", ".join(f"${number}" for number in range(1, 11))
        await connection.executemany(f"INSERT INTO thing VALUES ({places})", list(rows(chosen)))
    finally:
        await connection.close()
