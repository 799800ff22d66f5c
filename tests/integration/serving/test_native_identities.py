"""Declared identities natively: Python's answers, and no identity on another's statement."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

pytest.importorskip("joserfc")

from joserfc.jwk import OctKey

import fraiseql
from tests.integration.serving.native_answers import Answers, answering
from tests.unit.http.jwks_server import ISSUER, Issuer, ec_key, signed

READER, STRANGER = "fql_native_reader", "fql_native_stranger"
SECRET = "a secret of thirty-two bytes, or of more than that"
KEY = OctKey.import_key(SECRET)

TABLES = f"""
DROP SCHEMA IF EXISTS vault CASCADE;
DROP VIEW IF EXISTS slow, marked;
DROP TABLE IF EXISTS memo;
DO $$ BEGIN CREATE ROLE {READER}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE {STRANGER}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE memo (id int PRIMARY KEY, tenant text NOT NULL, text text NOT NULL);
INSERT INTO memo SELECT n, CASE WHEN n % 2 = 0 THEN 'red' ELSE 'blue' END, 'memo ' || n
  FROM generate_series(1, 20) n;
ALTER TABLE memo ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON memo USING (tenant = nullif(current_setting('app.tenant', true), ''));
CREATE VIEW slow AS SELECT n AS id, pg_sleep(1)::text AS text FROM generate_series(1, 1) n;
CREATE VIEW marked AS SELECT 1 AS id,
  concat('[', current_setting('app.mark', true), ']') AS before,
  set_config('app.mark', 'x', false) AS after;
CREATE SCHEMA vault;
CREATE TABLE vault.note (id int PRIMARY KEY, text text NOT NULL);
INSERT INTO vault.note VALUES (1, 'kept');
GRANT USAGE ON SCHEMA vault TO {READER};
GRANT SELECT ON memo, slow, marked, vault.note TO {READER};
GRANT SELECT ON memo, vault.note TO {STRANGER};
"""

LIST = "{ memos { id tenant text } }"
BY_KEY = "query ($id: Int!) { memo(id: $id) { id text } }"
NOTES = "{ notes { text } }"


@fraiseql.type(sql_source="memo")
class Memo:
    id: int
    tenant: str
    secret: str = fraiseql.field(
        column="text", requires=lambda context: context["claims"] is not None
    )


@fraiseql.type(sql_source="memo")
class Open:
    """The same rows, without requirements."""

    id: int
    tenant: str
    text: str


@fraiseql.type(sql_source="slow")
class Slow:
    id: int
    text: str


@fraiseql.type(sql_source="marked")
class Marked:
    id: int
    before: str
    after: str


@fraiseql.type(sql_source="vault.note")
class Note:
    id: int
    text: str


QUERIES = [
    fraiseql.find_one("memo", Open, by="id"),
    fraiseql.find("memos", Open, order_by="id"),
    fraiseql.find("guarded", Memo, order_by="id"),
    fraiseql.find("slow", Slow),
    fraiseql.find("marked", Marked),
    fraiseql.find("notes", Note),
]


def hook(**options: Any) -> fraiseql.JWT:
    chosen = {
        "key": SECRET,
        "algorithms": ["HS256"],
        "role": "group",
        "session": {"app.tenant": "tenant"},
        "leeway": 0,
        **options,
    }
    return fraiseql.JWT(issuer=ISSUER, audience="notes", **chosen)


def token(tenant: str = "red", group: str = READER, **changed: Any) -> dict[str, str]:
    """Return the header of a client."""
    text = signed(KEY, "HS256", tenant=tenant, group=group, **changed)
    return {"authorization": f"Bearer {text}"}


@asynccontextmanager
async def roads(database: str, **options: Any) -> AsyncIterator[Answers]:
    """Start an application with an engine that has one connection for identities."""
    connection = await asyncpg.connect(database)
    await connection.execute(TABLES)
    await connection.close()
    chosen = {"context": hook(), "pool_size": 2, "worker": False, **options}
    async with answering(
        fraiseql.create_app(queries=QUERIES, database_url=database, **chosen)
    ) as a:
        yield a


def asked(
    both: Answers, query: str, headers: Mapping[str, str], variables: Any = None
) -> httpx.Request:
    request = both.post(query, variables)
    request.headers.update(headers)
    return request


async def natively(both: Answers, request: httpx.Request) -> Any:
    """Return the data of a native answer."""
    answer = await both.native(request)
    assert answer is not None
    return json.loads(answer[2])["data"]


async def test_each_client_gets_its_own_rows(database: str) -> None:
    red, blue = token("red"), token("blue")
    async with roads(database) as both:
        for client in (red, blue):
            await both.python(asked(both, LIST, client))
            await both.python(asked(both, BY_KEY, client, {"id": 1}))
        for client, tenant in [(red, "red"), (blue, "blue")] * 3:
            assert await both.same(asked(both, LIST, client))
            rows = (await natively(both, asked(both, LIST, client)))["memos"]
            assert {row["tenant"] for row in rows} == {tenant}
            for number in (1, 2, 99):
                assert await both.same(asked(both, BY_KEY, client, {"id": number}))


async def test_a_client_is_known_after_python_has_answered_it(database: str) -> None:
    red, blue = token("red"), token("blue")
    async with roads(database) as both:
        await both.python(asked(both, LIST, red))
        assert await both.native(asked(both, LIST, blue)) is None
        assert await both.native(asked(both, LIST, {})) is None
        assert await both.native(asked(both, LIST, {"authorization": "Bearer x"})) is None
        # Another operation is enough.
        await both.python(asked(both, BY_KEY, blue, {"id": 1}))
        assert await both.same(asked(both, LIST, blue))


async def test_a_repeated_header_is_left_to_python(database: str) -> None:
    red = token("red")
    async with roads(database) as both:
        await both.python(asked(both, LIST, red))
        request = both.post(LIST)
        twice = [(b"authorization", red["authorization"].encode())] * 2
        request.headers = httpx.Headers([*request.headers.raw, *twice])
        assert await both.native(request) is None


async def test_a_token_that_has_expired_is_left_to_python(database: str) -> None:
    async with roads(database) as both:
        short = token("red", exp=int(time.time()) + 3)
        request = asked(both, LIST, short)
        assert (await both.python(request)).status_code == 200
        assert await both.native(request) is not None
        await asyncio.sleep(4)
        assert await both.native(request) is None
        assert (await both.python(request)).status_code == 401


async def test_other_keys_of_the_issuer_end_all_identities(database: str) -> None:
    old, new = ec_key("old"), ec_key("new")
    with Issuer() as issuer:
        issuer.published = [old]
        published = hook(key=None, jwks_url=issuer.url, algorithms=["ES256"])
        async with roads(database, context=published) as both:
            red = {"authorization": f"Bearer {signed(old, tenant='red', group=READER)}"}
            await both.python(asked(both, LIST, red))
            assert await both.same(asked(both, LIST, red))
            issuer.published = [new]
            await asyncio.sleep(1.1)  # the pause between two fetches
            blue = {"authorization": f"Bearer {signed(new, tenant='blue', group=READER)}"}
            assert (await both.python(asked(both, LIST, blue))).status_code == 200
            assert await both.native(asked(both, LIST, red)) is None
            assert (await both.python(asked(both, LIST, red))).status_code == 401
            assert await both.same(asked(both, LIST, blue))


async def test_no_identity_stays_on_a_connection(database: str) -> None:
    """Fails if a transaction is not ended, or its settings outlive it."""
    clients = [token("red"), {}, token("blue"), token("red", STRANGER), {}]
    async with roads(database, context=hook(optional=True, session={}), pool_size=1) as both:
        for client in clients:
            await both.python(asked(both, LIST, client))
        for _ in range(3):
            for client in clients:
                assert await both.same(asked(both, LIST, client))


async def test_variables_without_a_role_end_with_their_request(database: str) -> None:
    query = "{ marked { before } }"
    async with roads(database, context=hook(role=None, session={"app.mark": "tenant"})) as both:
        for tenant in ("red", "blue", "red"):
            client = token(tenant)
            await both.python(asked(both, query, client))
            rows = await natively(both, asked(both, query, client))
            assert rows["marked"] == [{"before": f"[{tenant}]"}]


async def test_settings_of_functions_end_with_their_request(database: str) -> None:
    query, red = "{ marked { before after } }", token()
    async with roads(database) as both:
        await both.python(asked(both, query, red))
        for _ in range(3):
            rows = await natively(both, asked(both, query, red))
            assert rows["marked"] == [{"before": "[]", "after": "x"}]


async def test_names_are_found_with_the_privileges_of_the_role(database: str) -> None:
    reader, stranger = token(group=READER), token(group=STRANGER)
    async with roads(database, pool_size=1) as both:
        await both.python(asked(both, NOTES, reader))
        assert await both.same(asked(both, NOTES, reader))
        refused = (await both.python(asked(both, NOTES, stranger))).json()
        assert "permission denied" in json.dumps(refused) or "errors" in refused
        for _ in range(3):
            # It may select from the table, but not use its schema.
            assert await both.native(asked(both, NOTES, stranger)) is None
            assert await both.same(asked(both, NOTES, reader))


async def test_a_role_that_is_dropped_is_left_to_python(database: str) -> None:
    gone = "fql_native_gone"
    connection = await asyncpg.connect(database)
    await connection.execute(f"DROP ROLE IF EXISTS {gone}; CREATE ROLE {gone}")
    async with roads(database) as both:
        client, red = token(group=gone), token()
        for each in (client, red):
            await both.python(asked(both, LIST, each))
        await connection.execute(f"DROP ROLE {gone}")
        assert await both.native(asked(both, LIST, client)) is None
        assert await both.same(asked(both, LIST, red))
    await connection.close()


async def test_a_connection_that_is_killed_in_a_transaction_is_left_to_python(
    database: str,
) -> None:
    query, red = "{ slow { id text } }", token()
    async with roads(database) as both:
        for each in (query, LIST):
            await both.python(asked(both, each, red))
        running = asyncio.create_task(both.native(asked(both, query, red)))
        connection = await asyncpg.connect(database)
        killed: list[Any] = []
        while not killed:
            await asyncio.sleep(0.05)
            killed = await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active'"
                " AND datname = current_database() AND query LIKE '%slow%'"
                " AND pid <> pg_backend_pid()"
            )
        await connection.close()
        assert await running is None
        for client in (token("blue"), red):
            await both.python(asked(both, LIST, client))
            assert await both.same(asked(both, LIST, client))


async def test_what_needs_a_right_is_left_to_python(database: str) -> None:
    red, query = token(), "{ guarded { id secret } }"
    async with roads(database, context=hook(optional=True)) as both:
        for client in (red, {}):
            for each in (query, "{ guarded { id } }"):
                await both.python(asked(both, each, client))
            assert await both.native(asked(both, query, client)) is None
            assert await both.same(asked(both, "{ guarded { id } }", client))


async def test_a_required_role_is_asked_of_each_client(database: str) -> None:
    async with roads(database, context=hook(optional=True), role_required=True) as both:
        red = token()
        for client in (red, {}):
            await both.python(asked(both, LIST, client))
        assert await both.same(asked(both, LIST, red))
        assert await both.native(asked(both, LIST, {})) is None


class Own(fraiseql.JWT):
    """A hook that may read anything."""


@pytest.mark.parametrize("kind", [Own, fraiseql.JWT])
async def test_only_the_hook_itself_declares_its_headers(database: str, kind: Any) -> None:
    options = {"key": SECRET, "algorithms": ["HS256"], "role": "group"}
    own, red = kind(issuer=ISSUER, audience="notes", **options), token()
    async with roads(database, context=own) as both:
        await both.python(asked(both, LIST, red))
        assert (await both.native(asked(both, LIST, red)) is None) == (kind is Own)


async def test_a_result_of_a_hook_is_used_again_for_its_time(database: str) -> None:
    tenants = {"k1": "red", "k2": "blue"}

    async def look_up(request: Any) -> Mapping[str, Any]:
        return {"role": READER, "session": {"app.tenant": tenants[request.headers["x-key"]]}}

    declared = fraiseql.Identity(headers=["X-Key"], hook=look_up, ttl="1s")
    async with roads(database, context=declared) as both:
        one, two = ({"x-key": key} for key in tenants)
        for client in (one, two):
            await both.python(asked(both, LIST, client))
            assert await both.same(asked(both, LIST, client))
        await asyncio.sleep(1.1)
        assert await both.native(asked(both, LIST, one)) is None
        tenants["k1"] = "blue"
        await both.python(asked(both, LIST, one))
        rows = (await natively(both, asked(both, LIST, one)))["memos"]
        assert {row["tenant"] for row in rows} == {"blue"}
