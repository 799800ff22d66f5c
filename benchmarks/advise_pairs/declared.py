"""Application over the tables of the shapes."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import fraiseql
from benchmarks.advise_pairs.shapes import LETTERS

_STATEMENTS: Final = {
    "rare": "SELECT title FROM item_{l} WHERE status = 'rare' AND score > $1::text::int"
    " ORDER BY score LIMIT 20",
    "hidden": "SELECT title FROM item_{l} WHERE NOT published AND owner_id = $1::text::int",
    "matching": "SELECT id FROM doc_{l} WHERE data @> $1::text::jsonb",
    "coloured": "SELECT id FROM doc_{l} WHERE data ->> 'colour' = $1",
    "recent": "SELECT sum(score) FROM item_{l} WHERE created_at BETWEEN $1::text::timestamptz"
    " AND $1::text::timestamptz + interval '6 hours'",
    "joined": "SELECT count(*) FROM item_{l} i JOIN note_{l} n ON n.item_id = i.id"
    " WHERE i.id = $1::text::int",
}


def queries() -> Iterator[Any]:
    """Yield the queries of all letters."""
    for letter in LETTERS:
        yield from _finders(letter)
        yield _totals(letter)
        yield _repeated(letter)
        for name, sql in _STATEMENTS.items():
            yield _texts(f"{name}_{letter}", sql.format(l=letter))


def app_of(url: str, **settings: Any) -> Any:
    """Return the application."""
    return fraiseql.create_app(queries=tuple(queries()), database_url=url, worker=False, **settings)


def _finders(letter: str) -> Iterator[Any]:
    @fraiseql.type(name=f"Note{letter}", sql_source=f"note_{letter}")
    class Note:
        id: int
        item_id: int
        body: str
        created_at: datetime

    @fraiseql.type(name=f"Item{letter}", sql_source=f"item_{letter}")
    class Item:
        id: int
        owner_id: int
        region: int
        token: str
        status: str
        score: int
        title: str
        body: str
        created_at: datetime
        notes: list[Note] = fraiseql.embed(
            f"note_{letter}", on="item_id", order_by="-created_at", limit=5
        )

    yield fraiseql.find(
        f"owned_{letter}", Item, by=("owner_id",), order_by="-created_at", default_limit=20
    )
    yield fraiseql.find(f"latest_{letter}", Item, order_by="-created_at", default_limit=20)
    yield fraiseql.find(f"placed_{letter}", Item, by=("owner_id", "region"), order_by="id")
    yield fraiseql.find(f"listed_{letter}", Item, order_by="id")
    yield fraiseql.find_one(f"by_token_{letter}", Item, by="token")
    yield fraiseql.find_one(f"item_{letter}", Item, by="id")
    yield from _others(letter)


def _others(letter: str) -> Iterator[Any]:
    @fraiseql.type(name=f"Member{letter}", sql_source=f"member_{letter}")
    class Member:
        id: int
        name: str
        about: str

    @fraiseql.type(name=f"Group{letter}", sql_source=f"group_{letter}")
    class Group:
        id: int
        name: str
        members: list[Member] = fraiseql.embed(
            f"member_{letter}", on="group_id", order_by="id", limit=30
        )

    @fraiseql.type(name=f"Doc{letter}", sql_source=f"doc_{letter}", jsonb_column="data")
    class Doc:
        id: int
        code: str
        colour: str
        size: int

    @fraiseql.type(name=f"Log{letter}", sql_source=f"log_{letter}")
    class Log:
        id: int
        line: str
        at: datetime

    yield fraiseql.find(f"groups_{letter}", Group, order_by="id")
    yield fraiseql.find(f"docs_{letter}", Doc, by=("code",), order_by="id")
    yield fraiseql.find(f"logs_{letter}", Log, order_by="-at")


def _totals(letter: str) -> Any:
    @fraiseql.type(name=f"Total{letter}")
    class Total:
        region: int
        total: Decimal

    sql = f"SELECT region, sum(score) AS total FROM item_{letter} GROUP BY region ORDER BY region"

    async def totals(info: Any) -> list[Total]:
        return [Total(**row) for row in await info.context["db"].fetch(sql)]

    totals.__name__ = f"totals_{letter}"
    return fraiseql.query(totals)


def _repeated(letter: str) -> Any:
    sql = f"SELECT status || count(*) FROM item_{letter} GROUP BY status ORDER BY status"

    async def repeated(info: Any) -> list[str]:
        return [str(row[0]) for row in await info.context["db"].fetch(sql)]

    repeated.__name__ = f"repeated_{letter}"
    return fraiseql.query(repeated)


def _texts(name: str, sql: str) -> Any:
    """Return a query whose only statement is this one, with its argument as the parameter."""

    async def answered(info: Any, value: str) -> list[str]:
        rows = await info.context["db"].fetch(sql, value)
        return [str(row[0]) for row in rows]

    answered.__name__ = name
    return fraiseql.query(answered)
