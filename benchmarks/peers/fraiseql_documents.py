"""FraiseQL over the ready-made documents."""

from datetime import datetime
from typing import Any

import fraiseql
from benchmarks.peers.database import CONNECTIONS, url


@fraiseql.type
class Comment:
    id: int
    body: str
    likes: int
    created_at: datetime


@fraiseql.type
class Author:
    id: int
    first_name: str
    last_name: str
    email: str
    country: str
    bio: str | None


@fraiseql.type(sql_source="tv_post", jsonb_column="data")
class Post:
    id: int
    title: str
    body: str
    views: int
    created_at: datetime
    author: Author
    comments: list[Comment]


@fraiseql.type
class UserPost:
    id: int
    title: str
    views: int
    created_at: datetime


@fraiseql.type(sql_source="tv_user", jsonb_column="data")
class User:
    id: int
    first_name: str
    last_name: str
    email: str
    country: str
    active: bool
    bio: str | None
    created_at: datetime
    posts: list[UserPost]


def application() -> Any:
    """Return a new application, with nothing seen yet."""
    return fraiseql.create_app(
        types=[User, Post],
        queries=[
            fraiseql.find_one("user", User, by="id"),
            fraiseql.find("users", User, order_by="id"),
            fraiseql.find("posts", Post, order_by="id"),
        ],
        database_url=url(),
        pool_size=CONNECTIONS,
    )


app = application()
