"""The shop: authors with embeds three levels deep, which any strategy can keep, and random rows.

``queries`` makes the same GraphQL schema for every strategy, so that one operation can be asked of
all of them.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

import asyncpg
from hypothesis import strategies as st

import fraiseql
from fraiseql.repositories import Repository

TABLES: Final = """
CREATE TYPE mood AS ENUM ('glad', 'so so');
CREATE TABLE country (id int PRIMARY KEY, name text NOT NULL, area numeric);
CREATE TABLE author (
  id int PRIMARY KEY, country_id int REFERENCES country, name text NOT NULL, score float8,
  rating numeric, born timestamptz, tags text[], ratios float8[], extra jsonb, vip boolean,
  uid uuid, how mood);
CREATE TABLE post (
  id int PRIMARY KEY, author_id int REFERENCES author, title text, price numeric, weight float4,
  at timestamptz, extra jsonb);
CREATE TABLE remark (
  id int PRIMARY KEY, post_id int REFERENCES post, writer_id int REFERENCES author, body text,
  stars int);
"""
NAMES: Final = ("country", "author", "post", "remark")
"""Tables in the order in which they are filled."""


@fraiseql.enum
class Mood(Enum):
    GLAD = "glad"
    SO_SO = "so so"


@fraiseql.type(sql_source="country")
class Country:
    id: int
    name: str
    area: Decimal | None


@fraiseql.type(sql_source="author")
class Writer:
    id: int
    name: str
    score: float | None

    @fraiseql.field(needs=["name", "score"])
    def half(self) -> str:
        return f"{self.name}:{None if self.score is None else self.score / 2}"


@fraiseql.type(sql_source="remark")
class Remark:
    id: int
    body: str | None
    stars: int | None
    writer: Writer | None = fraiseql.embed("author", via="writer_id")


@fraiseql.type(sql_source="post")
class Post:
    id: int
    title: str | None
    price: Decimal | None
    weight: float | None
    at: datetime | None
    extra: Any | None
    remarks: list[Remark] = fraiseql.embed("remark", on="post_id", order_by="-stars", limit=3)


def queries(stored: object = None, *, embeds: bool = True) -> list[Any]:
    """Return queries for authors that are kept as ``stored`` says.

    Args:
        stored: The strategy; None for live.
        embeds: Whether authors have embeds; generated columns can hold none.
    """
    fields: dict[str, Any] = {
        "id": int,
        "name": str,
        "score": float | None,
        "rating": Decimal | None,
        "born": datetime | None,
        "tags": list[str | None] | None,
        "ratios": list[float | None] | None,
        "extra": Any | None,
        "vip": bool | None,
        "uid": UUID | None,
        "how": Mood | None,
    }
    body: dict[str, Any] = {"label": fraiseql.field(needs=["name", "score", "rating"])(_label)}
    if embeds:
        fields |= {"country": Country | None, "posts": list[Post]}
        body["country"] = fraiseql.embed("country", via="country_id")
        body["posts"] = fraiseql.embed(
            "post", on="author_id", order_by=["-price", "title"], limit=4
        )
    type_ = type("Author", (), {"__annotations__": fields, **body})
    author: Any = fraiseql.type(name="Author", sql_source="author", stored=stored)(type_)

    async def by_python(info: fraiseql.Info, id: int):  # noqa: A002
        return await Repository(info.context["db"], info.context).find_one("author", id=id)

    by_python.__annotations__["return"] = author | None
    return [
        fraiseql.find("authors", author),
        fraiseql.connection("catalogue", author, order_by="-score"),
        fraiseql.find_one("author", author, by="id"),
        fraiseql.find_one("named", author, by="name"),
        fraiseql.query(by_python),
    ]


def _label(self: Any) -> str:
    return f"{self.name}/{self.score}/{self.rating}"


_text = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=6
) | st.sampled_from(['q"uo\\te', "\u2028", "ключ", "\U0001f600", "", "-0", "1e+20", "Ä"])
_float = st.sampled_from(
    [1e20, -0.0, 0.1, 1e15, 1e16, 123456789012345680.0, 5e-324, -1.5, 1.0]
) | st.floats(allow_nan=False, allow_infinity=False)
_small = st.sampled_from([1e20, -0.0, 0.1, 1.0]) | st.floats(
    allow_nan=False, allow_infinity=False, width=32
)
_numeric = st.sampled_from(
    [
        Decimal(text)
        for text in ("1.00", "1.0", "1", "-0.10", "1E+3", "12345678901234567890.1234567")
    ]
) | st.decimals(-(10**6), 10**6, places=3, allow_nan=False)
_instant = st.datetimes(timezones=st.just(UTC))
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**12) | _float | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=5,
).map(json.dumps)
_MOST: Final = {"country": 2, "author": 5, "post": 9, "remark": 9}


def _reference(table: str) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(1, _MOST[table])


_COLUMNS: Final[dict[str, dict[str, st.SearchStrategy[Any]]]] = {
    "country": {"name": _text, "area": st.none() | _numeric},
    "author": {
        "country_id": _reference("country"),
        "name": _text,
        "score": st.none() | _float,
        "rating": st.none() | _numeric,
        "born": st.none() | _instant,
        "tags": st.none() | st.lists(st.none() | _text, max_size=3),
        "ratios": st.none() | st.lists(st.none() | _float, max_size=3),
        "extra": st.none() | _json,
        "vip": st.none() | st.booleans(),
        "uid": st.none() | st.uuids(),
        "how": st.none() | st.sampled_from(["glad", "so so"]),
    },
    "post": {
        "author_id": _reference("author"),
        "title": st.none() | _text,
        "price": st.none() | _numeric,
        "weight": st.none() | _small,
        "at": st.none() | _instant,
        "extra": st.none() | _json,
    },
    "remark": {
        "post_id": _reference("post"),
        "writer_id": _reference("author"),
        "body": st.none() | _text,
        "stars": st.none() | st.integers(0, 5),
    },
}

Rows = dict[str, list[dict[str, Any]]]


@st.composite
def rows(draw: Any) -> Rows:
    """Rows of every table; about half of the references lead to a row."""
    collected: Rows = {}
    for table in NAMES:
        many = draw(st.lists(st.fixed_dictionaries(_COLUMNS[table]), max_size=_MOST[table]))
        collected[table] = [{"id": place, **row} for place, row in enumerate(many, 1)]
    for table, column, other in (
        ("author", "country_id", "country"),
        ("post", "author_id", "author"),
        ("remark", "post_id", "post"),
        ("remark", "writer_id", "author"),
    ):
        for row in collected[table]:
            if row[column] is not None and row[column] > len(collected[other]):
                row[column] = None
    return collected


async def write(connection: asyncpg.Connection, rows: Rows) -> None:
    """Put ``found`` in the place of all rows, in one transaction."""
    async with connection.transaction():
        await connection.execute("DELETE FROM remark; DELETE FROM post; DELETE FROM author")
        await connection.execute("DELETE FROM country")
        for table in NAMES:
            for row in rows[table]:
                places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
                names = ", ".join(row)
                await connection.execute(
                    f"INSERT INTO {table} ({names}) VALUES ({places})", *row.values()
                )
