"""FraiseQL over ready-made documents."""

from typing import Any

import fraiseql
from benchmarks.fields import CommentFields, PostFields, ProfileFields, UserFields
from benchmarks.peers.database import CONNECTIONS, url


@fraiseql.type
class Comment(CommentFields):
    pass


@fraiseql.type
class Author(ProfileFields):
    pass


@fraiseql.type(sql_source="tv_post", jsonb_column="data")
class Post(PostFields):
    body: str
    author: Author
    comments: list[Comment]


@fraiseql.type
class UserPost(PostFields):
    pass


@fraiseql.type(sql_source="tv_user", jsonb_column="data")
class User(UserFields):
    posts: list[UserPost]


def application() -> Any:
    """Return a new application with empty caches."""
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
