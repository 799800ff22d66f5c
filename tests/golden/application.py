"""Application of the golden operations; its rows are in tables.sql."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path

import fraiseql
from fraiseql.repositories import Repository

TABLES = (Path(__file__).parent / "tables.sql").read_text()


@fraiseql.enum
class Genre(Enum):
    NOVEL = "novel"
    POETRY = "poetry"
    SCIENCE = "science"


@fraiseql.type(sql_source="review")
class Review:
    """What somebody thinks of a book."""

    id: int
    stars: int
    body: str | None
    book: "Book | None" = fraiseql.embed("book", via="book_id")


@fraiseql.type(sql_source="book", jsonb_column="data")
class Book:
    """A book; its title and the like stand in a document."""

    id: int
    genre: Genre
    price: Decimal | None
    created_at: datetime
    title: str
    pages: int | None
    tags: list[str | None] | None
    extra: dict | None
    author: "Author | None" = fraiseql.embed("author", via="author_id")
    reviews: list[Review] = fraiseql.embed("review", on="book_id", order_by="-stars")

    @fraiseql.field(needs=["title"])
    def spine(self, width: int = 5) -> str:
        return self.title[:width].upper()


@fraiseql.type(sql_source="author")
class Author:
    """A writer."""

    id: int
    first_name: str
    last_name: str | None
    born: date | None
    rating: Decimal | None
    books: list[Book] = fraiseql.embed(
        "book", on="author_id", where="withdrawn_at IS NULL", order_by="-created_at", limit=10
    )

    @fraiseql.field(needs=["id", "first_name"], batch=True)
    @staticmethod
    async def label(parents, info) -> list[str]:
        return [f"{parent.id}: {parent.first_name}" for parent in parents]


@fraiseql.interface(sql_source="shelf", jsonb_column="data", discriminator="kind")
class Item:
    id: int
    title: str


@fraiseql.type(tag="film")
class Film(Item):
    minutes: int


@fraiseql.type
class Track:
    name: str


@fraiseql.type(tag="disc")
class Disc(Item):
    tracks: list[Track]


Found = fraiseql.union("Found", [Author, Book])


@fraiseql.query
async def newest(info: fraiseql.Info, genre: Genre | None = None, limit: int = 2) -> list[Book]:
    """The newest books, by a resolver."""
    repo = Repository(info.context["db"], info.context)
    where = {} if genre is None else {"genre": genre}
    return await repo.find("book", where=where, order_by="-created_at", limit=limit)


@fraiseql.query
def lucky() -> Found | None:
    """An object made in Python, of one of two types."""
    return Author(id=7, first_name="Made", last_name=None, born=date(2000, 2, 3), rating=None)


@fraiseql.query
def broken(of: str) -> str:
    """Fail in one of two ways; the field may not be null."""
    if of == "user":
        raise fraiseql.InputError("That is not possible.", hint="Try another.")
    raise RuntimeError("the secret of the resolver")


TYPES = [Film, Disc]
QUERIES = [
    fraiseql.find_one("author", Author, by="id"),
    fraiseql.find("authors", Author),
    fraiseql.find("books", Book, by="genre", order_by="-created_at", max_limit=50),
    fraiseql.find("reviews", Review),
    fraiseql.find("items", Item),
    newest,
    lucky,
    broken,
]
