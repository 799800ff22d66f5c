"""Application: books and their reviews, every way in which a root field can be kept or not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import fraiseql
from fraiseql.caching.read_sources import read_sources
from fraiseql.repositories import Repository
from fraiseql.results import Results
from fraiseql.serving import Service
from fraiseql.serving.preparation.policy import read_policy
from tests.integration.serving.served import Served

TABLES = """
CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL, pages int, broken int);
CREATE TABLE review (id int PRIMARY KEY, book_id int NOT NULL, stars int, hidden boolean);
INSERT INTO book VALUES (1, 'Emma', 474, 1), (2, 'Persuasion', 249, NULL), (3, 'Sanditon', NULL, 1);
INSERT INTO review VALUES (1, 1, 5, false), (2, 1, 2, true), (3, 2, 4, false);
"""

CACHE = fraiseql.Cache()


@fraiseql.type(sql_source="review")
class Review:
    id: int
    stars: int | None


@fraiseql.type(sql_source="book")
class Book:
    id: int
    title: str
    pages: int | None
    broken: int
    reviews: list[Review] = fraiseql.embed(
        "review", on="book_id", order_by="id", where="NOT hidden"
    )

    @fraiseql.field(needs=["title"])
    def shout(self) -> str:
        return self.title.upper()

    @fraiseql.field(needs=["id"])
    async def next(self, info: fraiseql.Info) -> "Book | None":
        repository = Repository(info.context["db"], info.context)
        return await repository.find_one("book", id=self.id + 1)


@fraiseql.query(cache=fraiseql.Cache(tags=("book",)))
async def longest(info: fraiseql.Info, least: int = 0) -> Book | None:
    books = await Repository(info.context["db"], info.context).find(
        "book", where={"pages": {"gt": least}}, order_by="-pages", limit=1
    )
    return books[0] if books else None


@fraiseql.query(cache=fraiseql.Cache(tags=("book",)))
def certain(fail: bool) -> int:
    """Be sure of something, or null all that is asked with it."""
    if fail:
        raise fraiseql.FraiseQLError("It is not certain.", code="UNCERTAIN")
    return 7


QUERIES = [
    fraiseql.find("books", Book, order_by="id", cache=CACHE),
    fraiseql.find_one("book", Book, by="id", cache=CACHE),
    fraiseql.find("live", Book, order_by="id"),
    longest,
    certain,
]


@contextmanager
def caching(
    url: str,
    results: Results | None,
    *,
    queries: Any = QUERIES,
    operations: Mapping[str, Any] | Any = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
    **options: Any,
) -> Iterator[Served]:
    """Serve the books, with these result caches."""
    served = Served(url, queries=queries, worker=False, **settings)
    plain = served.service
    policy = read_policy(operations)
    served.service = Service(
        plain.schema, plain.settings, read_sources, results, policy=policy, **options
    )
    try:
        served.run(served.service.start())
        yield served
    finally:
        served.close()
