"""The requests of a client of Strawberry, sent to both servers of "Move from Strawberry"."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from fraiseql.database.embedded import EmbeddedServer
from tests.integration.http.application import served
from tests.integration.serving.served import execute
from tests.migration.page import answers, page_text, run_in_thread, served_page, tables_of
from tests.migration.strawberry_application import Endpoint

PAGE: Final = "from-strawberry.md"
SUITE: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "strawberry_requests.json").read_text()
)


def test_both_servers_answer_the_same(
    server: EmbeddedServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each server has a database of its own, since the requests write.
    run_in_thread(execute(database, "CREATE DATABASE before_the_move"))
    theirs = server.url_for("before_the_move")
    run_in_thread(execute(theirs, tables_of(PAGE)))
    try:
        with served(Endpoint(theirs)) as address:
            before = answers(f"{address}/", SUITE, "strawberry")
    finally:
        run_in_thread(execute(database, "DROP DATABASE before_the_move WITH (FORCE)"))
    with served_page(PAGE, database, monkeypatch) as endpoint:
        after = answers(endpoint, SUITE, "fraiseql")
    assert after == before


def test_the_page_lists_what_differs() -> None:
    reasons = [request["difference"] for request in SUITE if "difference" in request]
    assert reasons
    for reason in reasons:
        assert reason in page_text(PAGE)
