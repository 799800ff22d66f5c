"""The requests of a Graphene-Django client, sent to both servers of its page."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from fraiseql.database.embedded import EmbeddedServer
from tests.architecture.source_tree import ROOT
from tests.migration.page import (
    answers,
    assert_equal_or_by_design,
    page_text,
    second_database,
    served_page,
)

PAGE: Final = "from-graphene-django.md"
PEERS: Final = ROOT / ".setup" / "peers" / "bin" / "python"
FOLDER: Final = Path(__file__).parent
SUITE: Final[list[dict[str, Any]]] = json.loads((FOLDER / "graphene_requests.json").read_text())
OPAQUE: Final = {"id", "cursor", "startCursor", "endCursor"}
"""Fields whose texts a client only sends back."""


@contextmanager
def served_django(database_url: str) -> Iterator[str]:
    """Run the application in its own environment; the address of its endpoint."""
    assert PEERS.exists(), "run `make setup-test`"
    command = [str(PEERS), str(FOLDER / "graphene_application.py"), database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            assert port, "the application did not start"
            yield f"http://127.0.0.1:{port}/graphql"
        finally:
            process.terminate()


def numbered(value: Any, texts: dict[str, int]) -> Any:
    """Return answers with the number of each opaque text, in the order of their appearance."""
    if isinstance(value, list):
        return [numbered(item, texts) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: texts.setdefault(item, len(texts))
        if name in OPAQUE and isinstance(item, str)
        else numbered(item, texts)
        for name, item in value.items()
    }


def test_both_servers_answer_the_same(
    server: EmbeddedServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with second_database(server, database, PAGE) as theirs, served_django(theirs) as address:
        before = numbered(answers(address, SUITE, "graphene", theirs), {})
    with served_page(PAGE, database, monkeypatch) as endpoint:
        after = numbered(answers(endpoint, SUITE, "fraiseql", database), {})
    assert_equal_or_by_design(SUITE, "graphene", before, after)


def test_answers_that_differ_by_design_differ() -> None:
    texts = [request["answers"] for request in SUITE if "answers" in request]
    assert texts
    assert [each for each in texts if each["graphene"] == each["fraiseql"]] == []


def test_the_page_lists_what_differs() -> None:
    differing = [request for request in SUITE if request.keys() & {"answers", "fraiseql"}]
    assert differing
    for request in differing:
        assert request["difference"] in page_text(PAGE)
