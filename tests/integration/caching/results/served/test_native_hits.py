"""Road: HTTP to the native server, whose memory gives exact responses again."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from fraiseql.cli.listen import bind_near, port_of
from tests.cache_environment import apply_schema
from tests.integration.caching.results.served.native_app import app
from tests.integration.cli.program import HOST, PATIENCE, running
from tests.integration.flights import at_once, run_sql
from tests.ports import FIRST_PORT

ROOT = Path(__file__).parents[5]
TABLES = (
    "CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)",
    "INSERT INTO item SELECT n, 'item' || n FROM generate_series(1, 5) AS n",
    "CREATE VIEW v_item AS SELECT id, name FROM item",
)
NATIVE = 'road;desc="native"'
ALL = "{ items { id name } }"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_native(self) -> bool:
        return NATIVE in self.headers.get("server-timing", "")

    @property
    def names(self) -> list[str]:
        return [item["name"] for item in json.loads(self.body)["data"]["items"]]


class Client:
    """Asks one server, on one connection."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=30)

    def close(self) -> None:
        self._connection.close()

    def send(self, method: str, path: str, headers: dict[str, str], body: str | None) -> Answer:
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())

    def post(self, query: str = ALL, **variables: Any) -> Answer:
        content = json.dumps({"query": query, "variables": variables})
        return self.send("POST", "/graphql", JSON, content)

    def get(self, query: str = ALL, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("GET", f"/graphql?query={quote(query)}", named, None)

    def native(self, query: str = ALL, **variables: Any) -> Answer:
        """Ask until the answer comes from the memory of the native server."""
        return until_native(lambda: self.post(query, **variables))

    def metrics(self) -> str:
        return self.send("GET", "/metrics", {}, None).body.decode()


def until_native(ask: Any) -> Answer:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer: Answer = ask()
        if answer.is_native:
            return answer
        time.sleep(0.01)
    raise AssertionError("No answer came from the memory of the native server.")


MODULE = "tests.integration.caching.results.served.native_app:app"


@contextmanager
def served(
    url: str, directory: Path, road: str = "--native", module: str = MODULE
) -> Iterator[int]:
    with bind_near(HOST, FIRST_PORT + 700) as listening:
        port = port_of(listening)
    (directory / "tests").symlink_to(ROOT / "tests")
    with running("serve", module, "--port", str(port), road, cwd=directory, url=url) as program:
        program.answer(port, "{ __typename }")
        yield port


@pytest.fixture(scope="module")
def url(database: str) -> str:
    at_once(run_sql(database, *TABLES))
    at_once(apply_schema(database, app.service.schema))
    return database


@pytest.fixture(scope="module")
def port(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(url, tmp_path_factory.mktemp("native")) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    client = Client(port)
    yield client
    client.close()


def write(url: str, sql: str) -> None:
    at_once(run_sql(url, sql))


def test_an_equal_request_gets_the_bytes_of_python(url, port, client, tmp_path):
    with served(url, tmp_path, "--no-native") as other:
        python = Client(other)
        for ask in (Client.post, Client.get):
            until = time.monotonic() + PATIENCE
            while 'detail="memory"' not in (first := ask(python)).headers["cache-status"]:
                assert time.monotonic() < until
            again = until_native(lambda ask=ask: ask(client))
            assert (again.status, again.body) == (first.status, first.body)
            free = {"server-timing", "date"}
            assert {n: v for n, v in again.headers.items() if n not in free} == {
                n: v for n, v in first.headers.items() if n not in free
            }
        python.close()


def test_a_write_is_in_the_next_answer(url, client):
    for number in range(5):
        client.native()
        write(url, f"UPDATE item SET name = 'new{number}' WHERE id = 1")
        assert client.post().names[0] == f"new{number}"


def test_a_change_of_a_view_is_in_the_next_answer(url, client):
    before = client.native().names
    write(url, "CREATE OR REPLACE VIEW v_item AS SELECT id, upper(name) AS name FROM item")
    assert client.post().names == [name.upper() for name in before]
    client.native()
    write(url, TABLES[2].replace("CREATE", "CREATE OR REPLACE"))
    assert client.post().names == before


def test_a_client_that_has_the_response_gets_304(url, client):
    first = until_native(client.get)
    same = until_native(lambda: client.get(If_None_Match=first.headers["etag"]))
    assert (same.status, same.body) == (304, b"")
    assert "content-type" not in same.headers
    write(url, "UPDATE item SET name = name || '.' WHERE id = 2")
    other = client.get(If_None_Match=first.headers["etag"])
    assert other.status == 200
    assert other.names[1].endswith(".")


def test_hits_are_counted_as_those_of_python(client):
    client.native()
    before = counted(client)
    answers = [client.post() for _ in range(20)]
    assert all(answer.is_native for answer in answers)
    hits, memory, requests = (now - then for now, then in zip(counted(client), before, strict=True))
    assert (hits, memory, requests) == (20, 20, 20)


def counted(client: Client) -> list[float]:
    lines = dict(line.rsplit(" ", 1) for line in client.metrics().splitlines())
    head = "fraiseql_result_cache_"
    named = [f'{head}{name}_total{{query="items"}}' for name in ("hits", "memory_hits")]
    durations = [
        float(value)
        for name, value in lines.items()
        if name.startswith("fraiseql_operation_duration_seconds_count")
    ]
    return [*(float(lines[name]) for name in named), sum(durations)]


def test_a_connection_that_is_killed_ends_the_values(url, client):
    client.native()
    write(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND datname = current_database()",
    )
    write(url, "UPDATE item SET name = 'after' WHERE id = 3")
    assert client.post().names[2] == "after"
    assert client.native().names[2] == "after"


def test_a_purge_ends_the_values(url, client, tmp_path):
    client.native()
    write(
        url,
        "INSERT INTO fraiseql.changes (tag, xid, at)"
        " VALUES ('fraiseql:memory', pg_current_xact_id(), now())",
    )
    assert not client.post().is_native
    client.native()


def test_other_variables_are_another_request(client):
    query = "query One($id: Int!) { item(id: $id) { id } }"
    bodies = [client.native(query, id=number).body for number in (1, 2, 99)]
    assert len(set(bodies)) == 3
    assert [client.post(query, id=number).body for number in (1, 2, 99)] == bodies


def test_a_value_that_depends_on_a_header_is_not_given_to_others(client):
    body = json.dumps({"query": "{ language }"})
    for number in range(40):
        language = ("en", "de")[number // 4 % 2]
        answer = client.send("POST", "/graphql", {**JSON, "X-Lang": language}, body)
        assert json.loads(answer.body)["data"]["language"] == language
        time.sleep(0.01)
