"""``fraiseql bench`` on a small data set."""

from pathlib import Path
from typing import Any

import pytest

from fraiseql.cli import bench
from fraiseql.cli.main import main
from fraiseql.operating.bench.claims import NOT_COMPARABLE, load_claims
from fraiseql.operating.bench.figures import FIGURES
from tests.integration.flights import at_once, run_sql

ONLY_18 = {"cold_lookup", "hot_gain"}
"""Figures that need a server of the bench's own."""


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure little: the figures do not matter here."""
    monkeypatch.setattr(bench, "_QUICK", (200, 3))


def test_every_figure_is_measured_and_nothing_is_left(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("bench", "--quick", "--database-url", database, "--out", str(tmp_path))
    # Left by a bench that was killed.
    at_once(run_sql(database, "CREATE SCHEMA fraiseql_bench"))
    assert main([*words, "--only", "C16", "C18"]) == 1
    printed = capsys.readouterr().out
    assert "SQLSTATE 0A000: cannot be had as written" in printed
    assert "0 of 2 claims" in printed
    assert {path.name for path in tmp_path.iterdir()} == {"claims.json", "claims.md", "claims.svg"}
    at_once(run_sql(database, "CREATE SCHEMA fraiseql_bench", "DROP SCHEMA fraiseql_bench"))


def test_all_figures_but_those_of_an_own_server_are_in_the_document(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents: list[Any] = []
    monkeypatch.setattr(bench, "say_json", documents.append)
    assert main(["bench", "--quick", "--database-url", database, "--json"]) in (0, 1)
    (document,) = documents
    assert len(document["claims"]) == len(load_claims())
    missing = {
        each["figure"]
        for each in document["claims"]
        if each["measured"] is None and each["figure"] != NOT_COMPARABLE
    }
    assert missing == ONLY_18 & FIGURES
    assert all(each["method"] for each in document["claims"] if each["figure"] not in ONLY_18)


def test_an_unknown_claim_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--only", "C999"]) == 2
    assert "C999" in capsys.readouterr().err
