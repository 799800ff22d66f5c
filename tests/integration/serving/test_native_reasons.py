"""Why Python answers operations with result caches, and constant mutations."""

from typing import Any

import asyncpg

import fraiseql
from fraiseql.serving import Request
from fraiseql.serving.native.refusals import CACHED
from tests.integration.http.application import TABLES, User
from tests.integration.serving.native_answers import answering

REASONS = {
    "{ user(id: 1) { id } }": CACHED,
    "{ __typename user(id: 1) { id } }": "__typename is asked for besides cached root fields",
    "{ user(id: 1) { id } users { id } }": (
        "some root fields have a result cache, and others have none: users"
    ),
    "{ users { id } }": "",
    "{ __typename }": "",
    "mutation { __typename }": "it is a mutation",
}


@fraiseql.mutation
def change() -> bool:
    return True


async def test_each_reason_is_named(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(TABLES)
    await connection.close()
    queries = [
        fraiseql.find_one("user", User, by="id", cache=fraiseql.Cache()),
        fraiseql.find("users", User),
    ]
    app = fraiseql.create_app(queries=queries, mutations=[change], database_url=database)
    async with answering(app) as both:
        service: Any = app.service
        for query, reason in REASONS.items():
            assert (await service.explain(Request(query))).python == reason
            await both.first(query)
            assert (await both.native(both.post(query)) is not None) == (not reason)
