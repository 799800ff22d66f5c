"""Strawberry: the same features with asyncpg, tuned statements and DataLoaders."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from typing import Any

import strawberry
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

from benchmarks.peers import feature_statements as statements
from benchmarks.peers.database import Pool

pool = Pool()
MOST = 1000


@strawberry.input
class IntFilter:
    eq: int | None = None
    gt: int | None = None
    lte: int | None = None


@strawberry.input
class StringFilter:
    eq: str


@strawberry.input
class BooleanFilter:
    eq: bool


@strawberry.input
class UserWhere:
    active: BooleanFilter
    id: IntFilter
    country: StringFilter | None = None


@strawberry.input
class PostWhere:
    views: IntFilter | None = None
    batch: IntFilter | None = None


@strawberry.type
class Post:
    id: int
    title: str
    views: int


@strawberry.type
class User:
    id: int
    first_name: str
    last_name: str
    country: str

    @strawberry.field
    async def posts(self, info: strawberry.Info, where: PostWhere, limit: int) -> list[Post]:
        views = where.views or IntFilter()
        arguments = (views.gt, views.lte, limit)
        loaders = info.context["posts"]
        if arguments not in loaders:
            loaders[arguments] = DataLoader(lambda ids: load_posts(ids, *arguments))
        found: list[Post] = await loaders[arguments].load(self.id)
        return found


async def load_posts(
    ids: list[int], above: int | None, most: int | None, limit: int
) -> list[list[Post]]:
    groups = defaultdict(list)
    for row in await pool.fetch(statements.POSTS_OF_USERS, ids, above, most, limit):
        groups[row["user_id"]].append(Post(id=row["id"], title=row["title"], views=row["views"]))
    return [groups[id_] for id_ in ids]


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class PostEdge:
    node: Post

    @strawberry.field
    def cursor(self) -> str:
        return urlsafe_b64encode(str(self.node.id).encode()).decode()


@strawberry.type
class PostConnection:
    nodes: list[Post]
    page_info: PageInfo
    above: strawberry.Private[int | None]

    @strawberry.field
    def edges(self) -> list[PostEdge]:
        return [PostEdge(node=node) for node in self.nodes]

    @strawberry.field
    async def total_count(self) -> int:
        (row,) = await pool.fetch(statements.COUNT, self.above)
        count: int = row["count"]
        return count


@strawberry.type
class Views:
    views: float | None


@strawberry.type
class PostAggregate:
    count: int
    sum: Views
    min: Views
    max: Views


@strawberry.type
class Note:
    id: int
    post_id: int
    body: str
    likes: int


@strawberry.input
class CreateNoteInput:
    post_id: int
    body: str
    likes: int


@strawberry.input
class UpdatePostInput:
    title: str


@strawberry.type
class Query:
    @strawberry.field
    async def users(self, where: UserWhere, limit: int) -> list[User]:
        country = where.country.eq if where.country else None
        found = await pool.fetch(statements.USERS, where.active.eq, where.id.gt, country, limit)
        return [User(**row) for row in found]

    @strawberry.field
    async def post_pages(
        self, first: int, after: str | None = None, where: PostWhere | None = None
    ) -> PostConnection:
        above = where.views.gt if where and where.views else None
        start = int(urlsafe_b64decode(after)) if after else 0
        rows = await pool.fetch(statements.PAGE, start, above, first + 1)
        nodes = [Post(**row) for row in rows[:first]]
        end = urlsafe_b64encode(str(nodes[-1].id).encode()).decode() if nodes else None
        return PostConnection(
            nodes=nodes, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end),
            above=above,
        )  # fmt: skip

    @strawberry.field
    async def post_totals(self, where: PostWhere) -> list[PostAggregate]:
        (row,) = await pool.fetch(statements.TOTALS, where.views.gt if where.views else None)
        parts = {name: Views(views=row[name]) for name in ("sum", "min", "max")}
        return [PostAggregate(count=row["count"], **parts)]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def create_note(self, input: CreateNoteInput) -> Note:  # noqa: A002
        (row,) = await pool.fetch(statements.INSERT, input.post_id, input.body, input.likes)
        return Note(**row)

    @strawberry.mutation
    async def update_post(self, id: int, set: UpdatePostInput) -> Post | None:  # noqa: A002
        rows = await pool.fetch(statements.UPDATE, id, set.title)
        return Post(**rows[0]) if rows else None

    @strawberry.mutation
    async def update_many_post(self, where: PostWhere, set: UpdatePostInput) -> list[Post]:  # noqa: A002
        batch = where.batch.eq if where.batch else None
        rows = await pool.fetch(statements.UPDATE_MANY, batch, set.title)
        if len(rows) > MOST:
            raise ValueError("too many rows")
        return [Post(**row) for row in rows]


class Application(GraphQL):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"posts": {}}


app = Application(strawberry.Schema(Query, Mutation, extensions=[ParserCache, ValidationCache]))
