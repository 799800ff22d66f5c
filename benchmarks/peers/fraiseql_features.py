"""FraiseQL: filters, pages, totals, aggregates and writes over the base tables."""

import fraiseql
from benchmarks.fields import PostFields, UserFields
from benchmarks.peers.database import CONNECTIONS, url


@fraiseql.type(
    sql_source="tb_post", writes=fraiseql.Writes(update=["title"], many=True, max_affected=1000)
)
class Post(PostFields):
    batch: int


@fraiseql.type(sql_source="tb_user")
class User(UserFields):
    posts: list[Post] = fraiseql.embed("tb_post", on="user_id", order_by="-created_at")


@fraiseql.type(
    sql_source="note", writes=fraiseql.Writes(create=["post_id", "body", "likes"], many=False)
)
class Note:
    id: int
    post_id: int
    body: str
    likes: int


app = fraiseql.create_app(
    types=[Note],
    queries=[
        fraiseql.find("users", User, order_by="id"),
        fraiseql.connection("post_pages", Post, order_by="id"),
        fraiseql.aggregate("post_totals", Post),
        fraiseql.find("notes", Note, order_by="id"),
    ],
    database_url=url(),
    pool_size=CONNECTIONS,
)
