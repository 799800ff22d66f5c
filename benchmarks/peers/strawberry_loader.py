"""Strawberry: types, asyncpg and a DataLoader per relation."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import strawberry
from asyncpg import Record
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

from benchmarks.peers import statements
from benchmarks.peers.database import Pool

pool = Pool()


@strawberry.input
class IntFilter:
    gt: int


@strawberry.input
class BooleanFilter:
    eq: bool


@strawberry.input
class UserWhere:
    active: BooleanFilter
    id: IntFilter


@strawberry.input
class PostWhere:
    id: IntFilter


@strawberry.type
class Comment:
    id: int
    body: str
    likes: int
    created_at: datetime


@strawberry.type
class Post:
    id: int
    user_id: strawberry.Private[int]
    title: str
    body: str
    views: int
    created_at: datetime

    @strawberry.field
    async def author(self, info: strawberry.Info) -> "User":
        return await info.context["users"].load(self.user_id)

    @strawberry.field
    async def comments(self, info: strawberry.Info) -> list[Comment]:
        return await info.context["comments"].load(self.id)


@strawberry.type
class User:
    id: int
    first_name: str
    last_name: str
    email: str
    country: str
    active: bool
    bio: str | None
    created_at: datetime

    @strawberry.field
    async def posts(self, info: strawberry.Info) -> list[Post]:
        return await info.context["posts"].load(self.id)


@strawberry.type
class Query:
    @strawberry.field
    async def user(self, info: strawberry.Info, id: int) -> User | None:  # noqa: A002
        return await info.context["users"].load(id)

    @strawberry.field
    async def users(self, where: UserWhere, limit: int) -> list[User]:
        rows = await pool.fetch(statements.USERS, where.active.eq, where.id.gt, limit)
        return [User(**row) for row in rows]

    @strawberry.field
    async def posts(self, where: PostWhere, limit: int) -> list[Post]:
        return [Post(**row) for row in await pool.fetch(statements.POSTS, where.id.gt, limit)]


async def load_users(ids: list[int]) -> list[User | None]:
    users = {row["id"]: User(**row) for row in await pool.fetch(statements.USERS_BY_ID, ids)}
    return [users.get(id_) for id_ in ids]


async def load_posts(ids: list[int]) -> list[list[Post]]:
    return grouped(await pool.fetch(statements.LATEST_POSTS_OF_USERS, ids), ids, "user_id", post)


async def load_comments(ids: list[int]) -> list[list[Comment]]:
    return grouped(await pool.fetch(statements.COMMENTS_OF_POSTS, ids), ids, "post_id", comment)


def post(row: Record) -> Post:
    return Post(**row)


def comment(row: Record) -> Comment:
    return Comment(id=row["id"], body=row["body"], likes=row["likes"], created_at=row["created_at"])


def grouped(rows: list[Record], ids: list[int], key: str, make: Any) -> list[list[Any]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row[key]].append(make(row))
    return [groups[id_] for id_ in ids]


class Application(GraphQL):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:  # noqa: ARG002
        return {
            "users": DataLoader(load_users),
            "posts": DataLoader(load_posts),
            "comments": DataLoader(load_comments),
        }


app = Application(strawberry.Schema(Query, extensions=[ParserCache, ValidationCache]))
