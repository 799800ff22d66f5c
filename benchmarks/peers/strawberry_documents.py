"""Strawberry over ready-made documents, read with orjson."""

from typing import Any

import orjson
import strawberry
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from benchmarks.peers import statements
from benchmarks.peers.database import Pool
from benchmarks.peers.strawberry_loader import PostWhere, UserWhere

pool = Pool()


# Instants stay text, as in the documents: parsing would only cost time.
@strawberry.type
class Comment:
    id: int
    body: str
    likes: int
    created_at: str


@strawberry.type
class Author:
    id: int
    first_name: str
    last_name: str
    email: str
    country: str
    bio: str | None


@strawberry.type
class Post:
    id: int
    title: str
    body: str
    views: int
    created_at: str
    author: Author
    comments: list[Comment]


@strawberry.type
class UserPost:
    id: int
    title: str
    views: int
    created_at: str


@strawberry.type
class User:
    id: int
    first_name: str
    last_name: str
    email: str
    country: str
    active: bool
    bio: str | None
    created_at: str
    posts: list[UserPost]


async def documents(statement: str, *arguments: Any) -> list[Any]:
    return [orjson.loads(row[0]) for row in await pool.fetch(statement, *arguments)]


@strawberry.type
class Query:
    @strawberry.field
    async def user(self, id: int) -> User | None:  # noqa: A002
        return next(iter(await documents(statements.USER_DOCUMENT, id)), None)

    @strawberry.field
    async def users(self, where: UserWhere, limit: int) -> list[User]:
        return await documents(statements.USER_DOCUMENTS, where.active.eq, where.id.gt, limit)

    @strawberry.field
    async def posts(self, where: PostWhere, limit: int) -> list[Post]:
        return await documents(statements.POST_DOCUMENTS, where.id.gt, limit)


def item(source: dict[str, Any], name: str) -> Any:
    return source[name]


app = GraphQL(
    strawberry.Schema(
        Query,
        config=StrawberryConfig(default_resolver=item),
        extensions=[ParserCache, ValidationCache],
    )
)
