"""FraiseQL over the base tables, all answers live."""

from typing import Any

import fraiseql
from benchmarks.fields import CommentFields, PostFields, UserFields
from benchmarks.peers.database import CONNECTIONS, url


@fraiseql.type(sql_source="tb_comment")
class Comment(CommentFields):
    pass


@fraiseql.type(sql_source="tb_post")
class Post(PostFields):
    body: str
    author: "User | None" = fraiseql.embed("tb_user", via="user_id")
    comments: list[Comment] = fraiseql.embed(
        "tb_comment", on="post_id", order_by="-created_at", limit=5
    )


@fraiseql.type(sql_source="tb_user")
class User(UserFields):
    posts: list[Post] = fraiseql.embed("tb_post", on="user_id", order_by="-created_at", limit=10)


def application() -> Any:
    """Return a new application with empty caches."""
    return fraiseql.create_app(
        types=[User, Post, Comment],
        queries=[
            fraiseql.find_one("user", User, by="id"),
            fraiseql.find("users", User, order_by="id"),
            fraiseql.find("posts", Post, order_by="id"),
        ],
        database_url=url(),
        pool_size=CONNECTIONS,
    )


app = application()
