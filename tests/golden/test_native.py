"""Golden operations have the same answers from Python and from the native engine."""

import json
from typing import Any

import asyncpg

import fraiseql
from fraiseql.serving import Request
from fraiseql.serving.document import RequestError
from tests.golden.application import QUERIES, TABLES, TYPES
from tests.golden.test_golden import HERE, NAMES
from tests.integration.serving.native_answers import answering

SEVERAL = 5


async def test_answers_are_the_same_unless_a_reason_is_explained(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(TABLES)
    await connection.close()
    app = fraiseql.create_app(types=TYPES, queries=QUERIES, database_url=database)
    async with answering(app) as answers:
        service: Any = app.service
        natively = 0
        for name in NAMES:
            query, file = (
                (HERE / name / "query.graphql").read_text(),
                HERE / name / "variables.json",
            )
            variables = json.loads(file.read_text()) if file.exists() else {}
            request = answers.post(query, variables)
            failed = "errors" in (await answers.python(request)).json()
            try:
                reason = (await service.explain(Request(query, variables=variables))).python
            except RequestError:
                reason = "it is refused"
            native = await answers.same(request)
            assert native == (not reason and not failed), (name, reason)
            natively += native
        assert natively >= SEVERAL
