"""Applications as pages of the documentation declare them, and the suites sent to them."""

import asyncio
import re
import sys
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import reduce
from typing import Any, Final

import httpx

from fraiseql.database.embedded import EmbeddedServer
from tests.architecture.source_tree import ROOT
from tests.integration.http.application import served
from tests.integration.serving.served import execute

_BLOCK: Final = re.compile(r"^```(sql setup|python runnable)$(.*?)^```$", re.MULTILINE | re.DOTALL)


def page_text(name: str) -> str:
    return (ROOT / "docs" / "how-to" / name).read_text()


def tables_of(name: str) -> str:
    """Return the SQL of a page's set-up."""
    return str(_BLOCK.findall(page_text(name))[0][1])


@contextmanager
def served_page(name: str, database_url: str, monkeypatch: Any) -> Iterator[str]:
    """Run the blocks of a page, and serve its application; the address of its endpoint."""
    blocks = _BLOCK.findall(page_text(name))
    run_in_thread(execute(database_url, tables_of(name)))
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", database_url)
    module = types.ModuleType(f"migrated_{len(sys.modules)}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(blocks[1][1], name, "exec"), vars(module))
    with served(module.app) as address:
        yield f"{address}/graphql"


def run_in_thread(work: Any) -> Any:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def answers(address: str, suite: list[dict[str, Any]], own: str, database: str) -> list[Any]:
    """Return the data that a server answers to each request of a suite, also next to errors.

    Args:
        address: Its endpoint.
        suite: Requests, in their order. ``fails``: the answer has errors, of all servers or of
            those listed; ``sql``: runs before; ``take``: values of the answer, by their paths,
            that later requests have in ``given``.
        own: Key of a request's other text, for a server that differs by design.
        database: Address of the database that ``sql`` runs in.
    """
    results: list[Any] = []
    taken: dict[str, Any] = {}
    with httpx.Client(timeout=30) as client:
        for request in suite:
            if "sql" in request:
                run_in_thread(execute(database, request["sql"]))
            answer = client.post(address, json=body_of(request, own, taken)).json()
            assert bool(answer.get("errors")) == fails(request, own), (request, answer)
            results.append(answer.get("data"))
            for name, path in request.get("take", {}).items():
                taken[name] = reduce(lambda value, key: value[key], path, answer["data"])
    return results


def fails(request: dict[str, Any], own: str) -> bool:
    """Whether a server refuses a request: as both do, or by design."""
    servers = request.get("fails", False)
    return own in servers if isinstance(servers, list) else servers


def body_of(request: dict[str, Any], own: str, taken: dict[str, Any]) -> dict[str, Any]:
    """Return what a client sends for a request of a suite."""
    variables = {name: taken[name] for name in request.get("given", ())}
    body = {"query": request.get(own, request["query"])}
    if "operationName" in request:
        body["operationName"] = request["operationName"]
    return {**body, "variables": {**request.get("variables", {}), **variables}}


def assert_equal_or_by_design(
    suite: list[dict[str, Any]], other: str, before: list[Any], after: list[Any]
) -> None:
    """Compare the answers of two servers; ``answers`` of a request has both if they differ."""
    for request, old, new in zip(suite, before, after, strict=True):
        by_design = request.get("answers", {other: new, "fraiseql": old})
        assert {other: old, "fraiseql": new} == by_design, request


@contextmanager
def second_database(server: EmbeddedServer, database: str, name: str) -> Iterator[str]:
    """Make the tables of a page in a database of the other server: since the requests write."""
    run_in_thread(execute(database, "CREATE DATABASE before_the_move"))
    address = server.url_for("before_the_move")
    run_in_thread(execute(address, tables_of(name)))
    try:
        yield address
    finally:
        run_in_thread(execute(database, "DROP DATABASE before_the_move WITH (FORCE)"))
