"""Memory of the native server where no two requests are alike."""

import contextlib
import json
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from tests.integration.cli.program import HOST, PATIENCE, fraiseql, running

API = """
import fraiseql

@fraiseql.type(sql_source="tb_user")
class User:
    id: int
    first_name: str

@fraiseql.query
def offered() -> int:
    return len(app.service.results.native._offered)

app = fraiseql.create_app(
    queries=[offered, fraiseql.find_one("user", User, by="id", cache=fraiseql.Cache())],
    worker=False,
)
"""
SETTINGS = {"MEMORY_MAX_BYTES": 40_000, "TRACE": "off", "DOCUMENT_CACHE_SIZE": 50}


def test_responses_that_rust_has_dropped_are_forgotten(
    tmp_path: Path, users: str, free_port: Callable[[], int]
) -> None:
    """Nothing reads the counts of hits, and more responses are offered than fit into memory."""
    (tmp_path / "api.py").write_text(API)
    applied = fraiseql("db", "apply", "api:app", cwd=tmp_path, url=users)
    assert applied.returncode == 0, applied.stderr
    port, numbers = free_port(), []
    words = ("serve", "api:app", "--native", "--port", str(port))
    with running(*words, cwd=tmp_path, url=users, settings=SETTINGS) as server:
        server.answer(port, "{ __typename }")
        with contextlib.closing(HTTPConnection(HOST, port, timeout=PATIENCE)) as connection:

            def ask(query: str) -> dict[str, int]:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
                data: dict[str, int] = json.loads(connection.getresponse().read())["data"]
                return data

            for number in range(400):
                for _ in range(2):
                    ask(f"{{ u{number}: user(id: 1) {{ firstName }} }}")
                if number % 5 == 0:
                    numbers.append(ask("{ offered }")["offered"])
    assert max(numbers) > 20
    assert max(numbers) < 300
