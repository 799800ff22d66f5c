"""Applications as pages of the documentation declare them, and the suites sent to them."""

import asyncio
import re
import sys
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import httpx

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


def answers(address: str, suite: list[dict[str, Any]], own: str) -> list[Any]:
    """Return what a server answers to each request of a suite.

    Args:
        address: Its endpoint.
        suite: Requests, in their order; ``fails`` where the answer has errors.
        own: Key of a request's other text, for a server that differs by design.
    """
    results: list[Any] = []
    with httpx.Client(timeout=30) as client:
        for request in suite:
            body = {"variables": {}, **request, "query": request.get(own, request["query"])}
            body = {
                key: body[key] for key in ("query", "variables", "operationName") if key in body
            }
            answer = client.post(address, json=body).json()
            assert bool(answer.get("errors")) == request.get("fails", False), answer
            results.append(None if request.get("fails") else answer["data"])
    return results
