"""The requests of a client of Strawberry, sent to both servers of "Move from Strawberry"."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from fraiseql.database.embedded import EmbeddedServer
from tests.integration.http.application import served
from tests.migration.page import (
    answers,
    assert_equal_or_by_design,
    page_text,
    second_database,
    served_page,
)
from tests.migration.strawberry_application import Endpoint

PAGE: Final = "from-strawberry.md"
SUITE: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "strawberry_requests.json").read_text()
)


def test_both_servers_answer_the_same(
    server: EmbeddedServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with second_database(server, database, PAGE) as theirs, served(Endpoint(theirs)) as address:
        before = answers(f"{address}/", SUITE, "strawberry", theirs)
    with served_page(PAGE, database, monkeypatch) as endpoint:
        after = answers(endpoint, SUITE, "fraiseql", database)
    assert_equal_or_by_design(SUITE, "strawberry", before, after)


def test_the_page_lists_what_differs() -> None:
    reasons = [request["difference"] for request in SUITE if "difference" in request]
    assert reasons
    for reason in reasons:
        assert reason in page_text(PAGE)
