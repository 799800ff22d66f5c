"""The ops page over HTTP: who may read it, its data, its size, and its only action."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import pytest

from fraiseql.operating.ops.advice import write_advice
from tests.integration.operating.traced import TABLES, Traced, app_of

LOCAL = ("127.0.0.1", 9)
QUERIES = (
    "query Live { live(id: 1) { name } }",
    "query Cached { cached(id: 1) { __typename label: name } }",
    "query Counted { counted { n } }",
    "query Broken { broken }",
)
MANY = """
INSERT INTO fraiseql.operation SELECT 'op' || o, 'Operation number ' || o || ' <b>',
  'query Q' || o || ' { lives { id name } }', now() FROM generate_series(1, 500) AS o;
INSERT INTO fraiseql.operation_statement
SELECT 's' || o, 'SELECT ' || o, NULL, '{}', '{}', 'lives' FROM generate_series(1, 500) AS o;
INSERT INTO fraiseql.operation_window
SELECT date_trunc('minute', now()) - m * interval '1 minute', 'process' || p, 'op' || o,
  k.statement || CASE k.statement WHEN '' THEN '' ELSE o::text END, k.source, 100 + o, 1, o, b.runs,
  1000, 100000, 2 * o, 1
FROM generate_series(0, 14) AS m, generate_series(1, 2) AS p, generate_series(1, 500) AS o,
  (VALUES ('', ''), ('s', 'live')) AS k (statement, source),
  (SELECT array_agg(i) AS runs FROM generate_series(1, 24) AS i) AS b;
"""


@pytest.fixture(scope="module")
def traced(database: str) -> Iterator[Traced]:
    own = Traced(database)
    own.execute(TABLES)
    own.apply()
    yield own
    own.runner.close()


@pytest.fixture(scope="module")
def app(traced: Traced) -> Iterator[Any]:
    """The running application, whose page is on."""
    own = app_of(traced.url, ops=True)
    traced.run(own.start())
    yield own
    traced.run(own.stop())


@asynccontextmanager
async def client_of(app: Any, client: tuple[str, int] = LOCAL) -> AsyncIterator[httpx.AsyncClient]:
    """A client at an address."""
    transport = httpx.ASGITransport(app, client=client)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as own:
        yield own


async def read(client: httpx.AsyncClient, cursor: str = "") -> dict[str, Any]:
    """Read until no tab is pending; the tabs by name, and the cursor."""
    for _ in range(500):
        data = (await client.get("/fraiseql/data.json", params={"since": cursor})).json()
        if not any(tab["pending"] for tab in data["tabs"]):
            return {tab["name"]: tab for tab in data["tabs"]} | {"cursor": data["cursor"]}
        await asyncio.sleep(0.02)
    raise AssertionError("the tabs were not read")


def test_the_page_does_not_exist_unless_it_is_on(traced: Traced) -> None:
    async def answers() -> list[Any]:
        async with client_of(app_of(traced.url)) as client:
            paths = ("/fraiseql", "/fraiseql/data.json", "/fraiseql/page.js", "/nothing")
            return [((r := await client.get(path)).status_code, r.json()) for path in paths]

    statuses = traced.run(answers())
    assert {status for status, _ in statuses} == {404}
    # The answer does not say that the page could be on.
    assert len({json.dumps(body) for _, body in statuses}) == 1


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        (("10.0.0.5", 9), {}),
        (("10.0.0.5", 9), {"x-forwarded-for": "127.0.0.1"}),
        (LOCAL, {"x-forwarded-for": "127.0.0.1"}),
        (LOCAL, {"host": "evil.example"}),
    ],
)
def test_other_machines_get_the_answer_of_an_unknown_path(
    traced: Traced, app: Any, client: tuple[str, int], headers: dict[str, str]
) -> None:
    async def answers() -> tuple[list[Any], Any]:
        async with client_of(app, client) as http:
            paths = ("/fraiseql", "/fraiseql/plain", "/fraiseql/data.json", "/fraiseql/page.js")
            read = [await http.get(path, headers=headers) for path in paths]
            origin = {"origin": "http://localhost:8000", **headers}
            read.append(
                await http.post("/fraiseql/purge", data={"query": "cached"}, headers=origin)
            )
            return read, await http.get("/nothing")

    replies, unknown = traced.run(answers())
    assert {(reply.status_code, reply.content) for reply in replies} == {(404, unknown.content)}


def test_a_hook_may_allow_other_machines(traced: Traced) -> None:
    async def statuses() -> list[int]:
        def staff_only(request: Any) -> bool:
            return bool(request.headers.get("x-staff") == "yes")

        own = app_of(traced.url, ops=True, ops_allowed=staff_only)
        async with client_of(own, ("10.0.0.5", 9)) as http:
            staff = await http.get("/fraiseql", headers={"x-staff": "yes", "via": "proxy"})
            statuses = [staff.status_code, (await http.get("/fraiseql")).status_code]
        await own.stop()
        return statuses

    assert traced.run(statuses()) == [200, 404]


def test_each_tab_has_its_figures(traced: Traced, app: Any) -> None:
    async def data() -> tuple[dict[str, Any], dict[str, Any]]:
        async with client_of(app) as client:
            for query in QUERIES:
                await client.post("/graphql", json={"query": query})
            tabs = await read(client)
            return tabs, await read(client, tabs["cursor"])

    traced.purge()
    traced.execute("UPDATE tb_cached SET name = 'other'")
    tabs, later = traced.run(data())
    assert not [name for name, tab in tabs.items() if name != "cursor" and tab["failed"]]
    rows = {row[0]: row for row in tabs["operations"]["tables"][0]["rows"]}
    assert rows["Broken"][1] == rows["Broken"][3] == 1
    assert rows["Counted"][9] == "view"
    recent = tabs["caches"]["tables"][1]["rows"]
    assert recent[0][1] == "cached"
    assert recent[0][2] in {"miss", "stale"}
    stored = {row[0]: row for row in tabs["stored"]["tables"][0]["rows"]}
    assert stored["TracedCounted"][1:3] == ["MaterializedView", "as declared"]
    fields = {row[0]: row for row in tabs["fields"]["tables"][0]["rows"]}
    assert fields["TracedCached.name"][1] >= 1
    assert fields["TracedLive.email"][1] == 0
    # Only tabs that were read again are sent again.
    assert not any("tables" in tab for name, tab in later.items() if name != "cursor")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fraiseql/data.json?since=yesterday", 400),
        ("/fraiseql/data.json?since=a-1&since=b-1", 400),
        ("/fraiseql/data.json?since=other-99999", 200),
        ("/fraiseql/operation.json", 400),
        ("/fraiseql/operation.json?id=none", 404),
        ("/fraiseql/plan.json?statement=SELECT%201", 404),
        ("/fraiseql/../page.py", 404),
        ("/fraiseql/page.html", 404),
    ],
)
def test_requests_that_name_nothing_are_errors(
    traced: Traced, app: Any, path: str, status: int
) -> None:
    async def answer() -> int:
        async with client_of(app) as client:
            return (await client.get(path)).status_code

    assert traced.run(answer()) == status


def test_only_a_page_of_the_application_purges(traced: Traced, app: Any) -> None:
    async def answers() -> list[tuple[int, Any]]:
        async with client_of(app) as client:
            await client.post("/graphql", json={"query": QUERIES[1]})
            own, other = {"origin": "http://localhost:8000"}, {"origin": "http://evil.example"}
            sent = [
                await client.post("/fraiseql/purge", data={"query": "cached"}),
                await client.post("/fraiseql/purge", data={"query": "cached"}, headers=other),
                await client.get("/fraiseql/purge?query=cached"),
                await client.post("/fraiseql/purge", data={"query": "nothing"}, headers=own),
                await client.post("/fraiseql/purge", headers=own),
                await client.post("/fraiseql/purge", content=b"x" * 20_000, headers=own),
                await client.post("/fraiseql/purge", data={"query": "cached"}, headers=own),
            ]
            return [(reply.status_code, reply.json()) for reply in sent]

    replies = traced.run(answers())
    assert [status for status, _ in replies] == [403, 403, 405, 400, 400, 413, 200]
    assert replies[-1][1]["entries"] >= 1


def test_pages_of_other_sites_cannot_read_the_data(traced: Traced, app: Any) -> None:
    async def statuses() -> list[int]:
        async with client_of(app) as client:
            headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
            paths = ("/fraiseql/data.json", "/fraiseql")
            return [(await client.get(path, headers=headers)).status_code for path in paths]

    assert traced.run(statuses()) == [403, 403]


def test_values_are_escaped_without_scripts_too(traced: Traced, tmp_path: Path) -> None:
    hostile = "</td><script>alert(1)</script>"
    left = {"operations": hostile, "mean_ms": 2.5, "reason": "it is fast"}
    write_advice(str(tmp_path), {"advice": [], "left": [left]})

    async def page() -> httpx.Response:
        own = app_of(traced.url, ops=True, data_dir=str(tmp_path))
        async with client_of(own) as client:
            answer = await client.get("/fraiseql/plain")
        await own.stop()
        return answer

    answer = traced.run(page())
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<script>" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_a_database_of_an_earlier_version_gets_the_table_of_verifications(traced: Traced) -> None:
    traced.execute(
        "DROP TABLE fraiseql.verification",
        "DELETE FROM fraiseql.ledger WHERE name ~ 'verification'",
    )

    async def stored() -> Any:
        own = app_of(traced.url, ops=True)
        async with client_of(own) as client:
            tabs = await read(client)
        await own.stop()
        return {row[0]: row for row in tabs["stored"]["tables"][0]["rows"]}

    assert traced.run(stored())["TracedProjected"][-2:] == ["never", None]
    traced.apply()
    traced.verify()
    assert traced.run(stored())["TracedProjected"][-1] == 0


def test_five_hundred_operations_fit_the_limits(traced: Traced) -> None:
    traced.execute(MANY)

    async def figures() -> tuple[int, float, Any]:
        own = app_of(traced.url, ops=True)
        async with client_of(own) as client:
            tabs = await read(client)
            durations = []
            for _ in range(10):
                start = perf_counter()
                answer = await client.get("/fraiseql/data.json")
                assert answer.status_code == 200
                durations.append(perf_counter() - start)
            await own.stop()
            return len(answer.content), min(durations), tabs

    size, seconds, tabs = traced.run(figures())
    traced.purge()
    print(f"{size:,} bytes in {seconds * 1_000:.1f} ms; {tabs['operations']['took_ms']} ms to read")
    assert len(tabs["operations"]["tables"][0]["rows"]) >= 500
    assert tabs["operations"]["notes"][0].startswith("Of all processes")
    assert size <= 200_000
    assert seconds <= 0.05
