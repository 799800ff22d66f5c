"""Outcomes of ``requires=`` natively: used again only as the hook declares."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

pytest.importorskip("joserfc")

import fraiseql
from tests.integration.serving.native_answers import Answers, answering
from tests.integration.serving.test_native_identities import (
    READER,
    STRANGER,
    TABLES,
    asked,
    hook,
    token,
)


@asynccontextmanager
async def guarded(database: str, check: Any, ttl: str = "60s") -> AsyncIterator[Answers]:
    """Start an application whose rights last, with a check of one field."""

    @fraiseql.type(sql_source="memo")
    class Checked:
        id: int
        text: str = fraiseql.field(requires=check)

    connection = await asyncpg.connect(database)
    await connection.execute(TABLES)
    await connection.close()
    declared = fraiseql.Identity(headers=["authorization"], hook=hook(optional=True), ttl=ttl)
    app = fraiseql.create_app(
        queries=[fraiseql.find("memos", Checked, order_by="id")],
        database_url=database,
        context=declared,
        worker=False,
    )
    async with answering(app) as both:
        yield both


def is_reader(context: Mapping[str, Any]) -> bool:
    claims = context["claims"]
    return claims is not None and claims["group"] == READER


TEXTS = "{ memos { id text } }"


async def test_a_right_holds_for_the_clients_that_have_it(database: str) -> None:
    reader, stranger = token("red", READER), token("red", STRANGER)
    async with guarded(database, is_reader) as both:
        for client in (reader, stranger, {}):
            await both.python(asked(both, TEXTS, client))
        for _ in range(2):
            assert await both.same(asked(both, TEXTS, reader))
            for client in (stranger, {}):
                assert await both.native(asked(both, TEXTS, client)) is None
                denied = (await both.python(asked(both, TEXTS, client))).json()
                assert denied["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_rights_are_asked_again_after_their_time(database: str) -> None:
    rights, red = [True], token()
    async with guarded(database, lambda _: rights[0], ttl="1s") as both:
        await both.python(asked(both, TEXTS, red))
        rights[0] = False
        assert await both.native(asked(both, TEXTS, red)) is not None
        # A request between does not make it last longer.
        await asyncio.sleep(0.6)
        await both.python(asked(both, "{ memos { id } }", red))
        await asyncio.sleep(0.6)
        assert await both.native(asked(both, TEXTS, red)) is None
        await both.python(asked(both, TEXTS, red))
        assert await both.native(asked(both, TEXTS, red)) is None
        assert await both.same(asked(both, "{ memos { id } }", red))


def reads_database(context: Mapping[str, Any]) -> bool:
    return context["db"] is not None


def reads_request(context: Mapping[str, Any]) -> bool:
    return context.get("request") is not None


def reads_all(context: Mapping[str, Any]) -> bool:
    return bool({**context})


@pytest.mark.parametrize("check", [reads_database, reads_request, reads_all])
async def test_a_check_that_reads_more_than_the_hook_returned_is_asked_each_time(
    database: str, check: Any
) -> None:
    red = token()
    async with guarded(database, check) as both:
        await both.python(asked(both, TEXTS, red))
        assert await both.native(asked(both, TEXTS, red)) is None
        await both.python(asked(both, "{ memos { id } }", red))
        assert await both.same(asked(both, "{ memos { id } }", red))
