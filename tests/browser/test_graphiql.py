"""GraphiQL in headless Chromium: a query runs in the page, and nothing leaves this machine."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from tests.browser.chromium import (
    addresses_connected,
    drive,
    network,
    origin,
    origins_asked_by_the_page,
)
from tests.integration.http.application import make_app, prepare, served

QUERY = "{\n  user(id: 7) {\n    name\n  }\n}"


def test_a_query_runs_in_the_page_with_no_outside_request(database: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, prepare(database)).result()
    with served(make_app(database, graphiql_query=QUERY)) as address:
        seen = drive("graphiql.mjs", f"{address}/graphql", tmp_path)
    assert seen["title"] == "GraphiQL - FraiseQL"
    assert json.loads(seen["result"]) == {"data": {"user": {"name": "user 7"}}}
    assert "query: Query" in seen["documentation"]
    assert seen["violations"] == []
    assert seen["console"] == []
    assert {origin(url) for url in seen["requests"]} == {address}
    log = network(tmp_path / "network.json")
    assert origins_asked_by_the_page(log, address) == {address}
    assert addresses_connected(log) == {urlsplit(address).netloc}
