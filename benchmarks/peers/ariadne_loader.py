"""Ariadne: SDL schema, asyncpg and a DataLoader per relation."""

from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from aiodataloader import DataLoader
from ariadne import ObjectType, ScalarType, make_executable_schema
from ariadne.asgi import GraphQL
from asyncpg import Record
from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, validate

from benchmarks.peers import statements
from benchmarks.peers.database import Pool

pool = Pool()

SDL = """
scalar DateTime
input IntFilter { gt: Int! }
input BooleanFilter { eq: Boolean! }
input UserWhere { active: BooleanFilter!, id: IntFilter! }
input PostWhere { id: IntFilter! }
type Comment { id: Int!, body: String!, likes: Int!, createdAt: DateTime! }
type Post {
  id: Int!, title: String!, body: String!, views: Int!, createdAt: DateTime!
  author: User!, comments: [Comment!]!
}
type User {
  id: Int!, firstName: String!, lastName: String!, email: String!, country: String!
  active: Boolean!, bio: String, createdAt: DateTime!, posts: [Post!]!
}
type Query {
  user(id: Int!): User
  users(where: UserWhere!, limit: Int!): [User!]!
  posts(where: PostWhere!, limit: Int!): [Post!]!
}
"""

query, user, post = ObjectType("Query"), ObjectType("User"), ObjectType("Post")
comment, instant = ObjectType("Comment"), ScalarType("DateTime")
instant.set_serializer(datetime.isoformat)

# Fields by name: plain item access is the fastest default resolver for records.
RENAMED = {"firstName": "first_name", "lastName": "last_name", "createdAt": "created_at"}


def column(name: str) -> Any:
    def resolve(source: Record, _info: Any) -> Any:
        return source[name]

    return resolve


COLUMNS = {
    user: ("id", "firstName", "lastName", "email", "country", "active", "bio", "createdAt"),
    post: ("id", "title", "body", "views", "createdAt"),
    comment: ("id", "body", "likes", "createdAt"),
}
for bindable, names in COLUMNS.items():
    for field in names:
        bindable.set_field(field, column(RENAMED.get(field, field)))


@query.field("user")
async def resolve_user(_root: None, info: Any, id: int) -> Record | None:  # noqa: A002
    return await info.context["users"].load(id)


@query.field("users")
async def resolve_users(_root: None, _info: Any, where: Any, limit: int) -> list[Record]:
    return await pool.fetch(statements.USERS, where["active"]["eq"], where["id"]["gt"], limit)


@query.field("posts")
async def resolve_posts(_root: None, _info: Any, where: Any, limit: int) -> list[Record]:
    return await pool.fetch(statements.POSTS, where["id"]["gt"], limit)


@user.field("posts")
async def resolve_posts_of_user(source: Record, info: Any) -> list[Record]:
    return await info.context["posts"].load(source["id"])


@post.field("author")
async def resolve_author(source: Record, info: Any) -> Record:
    return await info.context["users"].load(source["user_id"])


@post.field("comments")
async def resolve_comments(source: Record, info: Any) -> list[Record]:
    return await info.context["comments"].load(source["id"])


async def load_users(ids: list[int]) -> list[Record | None]:
    users = {row["id"]: row for row in await pool.fetch(statements.USERS_BY_ID, ids)}
    return [users.get(id_) for id_ in ids]


async def load_posts(ids: list[int]) -> list[list[Record]]:
    return grouped(await pool.fetch(statements.LATEST_POSTS_OF_USERS, ids), ids, "user_id")


async def load_comments(ids: list[int]) -> list[list[Record]]:
    return grouped(await pool.fetch(statements.COMMENTS_OF_POSTS, ids), ids, "post_id")


def grouped(rows: list[Record], ids: list[int], key: str) -> list[list[Record]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return [groups[id_] for id_ in ids]


def loaders(_request: Any, _data: Any = None) -> dict[str, Any]:
    return {
        "users": DataLoader(load_users),
        "posts": DataLoader(load_posts),
        "comments": DataLoader(load_comments),
    }


schema = make_executable_schema(SDL, query, user, post, comment, instant)


@lru_cache(maxsize=128)
def parsed(text: str) -> DocumentNode:
    return parse(text)


@lru_cache(maxsize=128)
def validated(text: str) -> list[GraphQLError]:
    return validate(schema, parsed(text))


# Parsed and validated once for each text, as Strawberry's two extensions do.
def parse_once(_context: Any, data: dict[str, Any]) -> DocumentNode:
    return parsed(data["query"])


def validate_once(_schema: GraphQLSchema, document: DocumentNode, *_: Any, **__: Any) -> Any:
    return validated(document.loc.source.body if document.loc else "")


app = GraphQL(schema, context_value=loaders, query_parser=parse_once, query_validator=validate_once)
