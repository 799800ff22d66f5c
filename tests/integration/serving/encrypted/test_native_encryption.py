"""Connections of the native engine are encrypted as Python's are, and no less strictly verified."""

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import fraiseql
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.errors import FraiseQLError
from tests.cache_environment import apply_schema
from tests.integration.caching.results.served.native_app import app
from tests.integration.caching.results.served.test_native_hits import TABLES as ITEMS
from tests.integration.caching.results.served.test_native_hits import Client, served
from tests.integration.flights import at_once, run_sql
from tests.integration.http.application import TABLES, User
from tests.integration.serving.encrypted.tls_server import PASSWORD, TlsServer, tls_proxy
from tests.integration.serving.native_answers import Answers, answering

APP = f"app:{PASSWORD}"
BY_KEY = "query ($id: Int!) { user(id: $id) { id name } }"
OF_FRAISEQL = """
SELECT s.ssl FROM pg_stat_activity AS a JOIN pg_stat_ssl AS s USING (pid)
WHERE a.application_name = 'fraiseql'"""


@asynccontextmanager
async def roads(url: str) -> AsyncIterator[Answers]:
    queries = [fraiseql.find_one("user", User, by="id")]
    app = fraiseql.create_app(queries=queries, database_url=url, worker=False)
    async with answering(app) as answers:
        yield answers


async def is_native(both: Answers) -> bool:
    await both.first(BY_KEY, {"id": 1})
    return await both.same(both.post(BY_KEY, {"id": 2}))


async def encrypted(tls: TlsServer) -> set[bool]:
    """Whether connections of the application are encrypted."""
    connection = await asyncpg.connect(tls.local)
    rows = await connection.fetch(OF_FRAISEQL)
    await connection.close()
    assert len(rows) > 2, "those of the engine"
    return {row["ssl"] for row in rows}


@dataclass(frozen=True, slots=True)
class Connecting:
    """How an application connects, and whether its connections are encrypted."""

    mode: str
    encrypted: bool
    user: str = "postgres"
    host: str = "127.0.0.1"
    root: str = ""


@pytest.mark.parametrize(
    "case",
    [
        Connecting("disable", encrypted=False),
        Connecting("allow", encrypted=False),
        Connecting("allow", encrypted=True, user="encrypted"),
        Connecting("prefer", encrypted=True),
        Connecting("prefer", encrypted=True, root="wrong"),
        Connecting("require", encrypted=True),
        Connecting("require", encrypted=True, root="right"),
        Connecting("verify-ca", encrypted=True, root="right"),
        Connecting("verify-full", encrypted=True, root="right", host="localhost"),
        Connecting("require", encrypted=True, user=APP),
        Connecting("verify-full", encrypted=True, user=APP, root="right", host="localhost"),
    ],
    ids=lambda case: f"{case.mode}-{case.user.partition(':')[0]}-{case.root}",
)
async def test_the_engine_connects_as_python_does(
    tls: TlsServer, certificates: Path, case: Connecting
) -> None:
    options = {"sslrootcert": certificates / f"{case.root}.crt"} if case.root else {}
    async with roads(tls.url(case.user, case.host, sslmode=case.mode, **options)) as both:
        assert await is_native(both)
        assert await encrypted(tls) == {case.encrypted}


@pytest.mark.parametrize(
    ("host", "mode", "root"),
    [
        ("127.0.0.1", "require", "wrong"),
        ("localhost", "verify-ca", "wrong"),
        ("localhost", "verify-full", "wrong"),
        ("127.0.0.1", "verify-full", "right"),
        ("localhost", "verify-full", "system"),
    ],
)
async def test_neither_connects_to_a_server_that_proves_too_little(
    tls: TlsServer, certificates: Path, host: str, mode: str, root: str
) -> None:
    path = "system" if root == "system" else str(certificates / f"{root}.crt")
    with pytest.raises(FraiseQLError):
        async with roads(tls.url("postgres", host, sslmode=mode, sslrootcert=path)):
            pass


@pytest.mark.parametrize(
    ("host", "verify", "root"),
    [
        ("localhost", "name", "wrong"),
        ("localhost", "chain", "wrong"),
        ("127.0.0.1", "name", "right"),
    ],
)
async def test_the_engine_verifies_the_server_itself(
    tls: TlsServer, certificates: Path, host: str, verify: str, root: str
) -> None:
    """The target is that of a connection of Python, but for what the server has to prove."""
    right = str(certificates / "right.crt")
    url = tls.url("postgres", "localhost", sslmode="verify-full", sslrootcert=right)
    async with roads(url) as both:
        assert await is_native(both)
        target = json.loads(both.app.service.native._target)
        address = target["address"]
        ((_, expires),) = address["encryption"]["roots"]
        pem = (certificates / f"{root}.crt").read_text()
        address["encryption"] |= {"verify": verify, "roots": [[pem, expires]]}
        both.engine.connect(json.dumps(target | {"address": address | {"host": host}}).encode())
        assert await both.native(both.post(BY_KEY, {"id": 2})) is None


async def test_the_engine_trusts_no_root_that_has_expired(
    tls: TlsServer, certificates: Path
) -> None:
    right = str(certificates / "right.crt")
    async with roads(tls.url(sslmode="verify-ca", sslrootcert=right)) as both:
        assert await is_native(both)
        target = json.loads(both.app.service.native._target)
        target["address"]["encryption"]["roots"][0][1] = 1
        both.engine.connect(json.dumps(target).encode())
        assert await both.native(both.post(BY_KEY, {"id": 2})) is None


async def test_a_client_proves_itself_with_a_certificate(
    tls: TlsServer, certificates: Path
) -> None:
    own = certificates / "certified.crt"
    options = {"sslcert": own, "sslkey": own.with_suffix(".key")}
    async with roads(tls.url("certified", sslmode="require", **options)) as both:
        assert await is_native(both)
        assert await encrypted(tls) == {True}


def test_an_exact_hit_over_encrypted_connections(
    tls: TlsServer, certificates: Path, tmp_path: Path
) -> None:
    at_once(run_sql(tls.local, *ITEMS))
    at_once(apply_schema(tls.local, app.service.schema))
    right = certificates / "right.crt"
    url = tls.url("postgres", "localhost", sslmode="verify-full", sslrootcert=right)
    with served(url, tmp_path) as port:
        client = Client(port)
        assert client.native().names[0] == "item1"
        assert at_once(encrypted(tls)) == {True}
        at_once(run_sql(tls.local, "UPDATE item SET name = 'another' WHERE id = 1"))
        assert client.post().names[0] == "another"
        client.close()


@pytest.mark.parametrize("certificate", ["localhost", "old"])
@pytest.mark.parametrize("negotiation", ["postgres", "direct"])
async def test_a_proxy_that_encrypts(
    server: EmbeddedServer, certificates: Path, certificate: str, negotiation: str
) -> None:
    socket = Path(server.dsn.host) / f".s.PGSQL.{server.dsn.port}"
    connection = await asyncpg.connect(server.url)
    await connection.execute("DROP TABLE IF EXISTS users;" + TABLES)
    await connection.close()
    path = certificates / f"{certificate}.crt"
    async with tls_proxy(socket, path, direct=negotiation == "direct") as port:
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=require"
        async with roads(f"{url}&sslnegotiation={negotiation}") as both:
            assert await is_native(both)


async def test_a_password_is_bound_to_the_certificate_of_the_server(
    tls: TlsServer, certificates: Path
) -> None:
    """Somebody between, with another certificate, may be accepted by Python, but not here."""
    beyond = ssl.create_default_context(cafile=str(certificates / "right.crt"))
    beyond.check_hostname = False
    url = f"postgresql://app:{PASSWORD}@127.0.0.1:{{}}/postgres?sslmode=require"
    for name, expected in (("localhost", True), ("old", False)):
        between = tls_proxy(Path(str(tls.port)), certificates / f"{name}.crt", beyond=beyond)
        async with between as port, roads(url.format(port)) as both:
            assert await is_native(both) is expected


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"service": "x"}, "service"),
        ({"ssl_max_protocol_version": "TLSv1.2"}, None),
        ({"ssl_min_protocol_version": "TLSv1.3"}, None),
    ],
)
async def test_what_the_engine_cannot_verify_is_left_to_python(
    tls: TlsServer, options: dict[str, str], reason: str | None
) -> None:
    async with roads(tls.url("postgres", sslmode="require", **options)) as both:
        assert await is_native(both) is (reason is None)
        service: Any = both.app.service
        endpoint = service.pool.connections.endpoint
        assert reason is None or reason in str(endpoint.refusal)
