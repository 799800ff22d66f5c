"""The application of the page "Move from Strawberry", as a team has written it with Strawberry."""

import enum
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import asyncpg
import strawberry
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

AUTHORS = 'SELECT id, name, "bornYear" AS born FROM author'
BOOKS = "SELECT id, title, author_id FROM book"


@strawberry.enum
class Era(enum.Enum):
    OLD = "old"
    NEW = "new"


@strawberry.type
class Book:
    id: int
    title: str
    author_id: strawberry.Private[int]

    @strawberry.field
    async def author(self, info: strawberry.Info) -> "Author":
        return await info.context["author"].load(self.author_id)


@strawberry.type
class Author:
    id: strawberry.ID
    name: str
    born: int | None

    @strawberry.field
    def era(self) -> Era:
        return Era.NEW if self.born and self.born > 1900 else Era.OLD

    @strawberry.field
    async def books(self, info: strawberry.Info, limit: int = 10) -> list[Book]:
        return (await info.context["books"].load(int(self.id)))[:limit]


def author_of(row: asyncpg.Record) -> Author:
    return Author(id=strawberry.ID(str(row["id"])), name=row["name"], born=row["born"])


async def find_book(db: asyncpg.Pool, key: int) -> Book | None:
    row = await db.fetchrow(f"{BOOKS} WHERE id = $1", key)
    return Book(**row) if row else None


@strawberry.type
class Query:
    @strawberry.field
    async def authors(self, info: strawberry.Info, name: str | None = None) -> list[Author]:
        where = " WHERE name = $1" if name is not None else ""
        values = [name] if name is not None else []
        rows = await info.context["db"].fetch(f"{AUTHORS}{where} ORDER BY id", *values)
        return [author_of(row) for row in rows]

    @strawberry.field
    async def book(self, info: strawberry.Info, id: int) -> Book | None:  # noqa: A002 - its name
        return await find_book(info.context["db"], id)

    @strawberry.field
    async def count(self, info: strawberry.Info) -> int:
        return await info.context["db"].fetchval("SELECT count(*) FROM author")


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def rename(self, info: strawberry.Info, id: int, title: str) -> Book | None:  # noqa: A002
        await info.context["db"].execute("UPDATE book SET title = $2 WHERE id = $1", id, title)
        return await find_book(info.context["db"], id)


class Endpoint(GraphQL[Any, None]):
    """Strawberry's ASGI application with loaders per request."""

    def __init__(self, url: str) -> None:
        super().__init__(strawberry.Schema(query=Query, mutation=Mutation))
        self._url = url

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            return await super().__call__(scope, receive, send)
        await receive()
        async with asyncpg.create_pool(self._url, min_size=1, max_size=2) as self._pool:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        return await send({"type": "lifespan.shutdown.complete"})

    async def get_context(self, request: Any, response: Any) -> Mapping[str, Any]:
        pool = self._pool

        async def authors(keys: list[int]) -> list[Author]:
            rows = await pool.fetch(f"{AUTHORS} WHERE id = ANY($1)", keys)
            by_key = {row["id"]: author_of(row) for row in rows}
            return [by_key[key] for key in keys]

        async def books(keys: list[int]) -> list[list[Book]]:
            rows = await pool.fetch(f"{BOOKS} WHERE author_id = ANY($1) ORDER BY id DESC", keys)
            lists = defaultdict(list)
            for row in rows:
                lists[row["author_id"]].append(Book(**row))
            return [lists[key] for key in keys]

        return {"db": pool, "author": DataLoader(authors), "books": DataLoader(books)}
