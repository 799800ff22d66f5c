"""``fraiseql doctor``: its output, exit codes and refusals."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fraiseql.cli.main import main
from fraiseql.operating.doctor.faults import FAULTS
from tests.integration.flights import at_once, run_sql

API = """
import fraiseql

@fraiseql.query
def greeting() -> str:
    return "hello"

app = fraiseql.create_app(queries=[greeting])
"""
TABLE = "CREATE TABLE t (id int, n int)"

Doctor = Callable[..., int]


@pytest.fixture
def doctor(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Run the command for an application of the database."""
    (tmp_path / "doctor_api.py").write_text(API)
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", database)
    monkeypatch.setenv("FRAISEQL_DOCTOR_IGNORE", "NEVER_ANALYZED, STATISTICS_OLD:public.x")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "doctor_api", raising=False)
    at_once(run_sql(database, "DROP TABLE IF EXISTS t"))
    return lambda *words: main(["doctor", "doctor_api:app", *words])


def test_a_fault_is_printed_cleared_and_then_gone(
    doctor: Doctor, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at_once(run_sql(database, TABLE))
    assert doctor("--only", "NO_PRIMARY_KEY") == 1
    printed = capsys.readouterr().out
    assert "NO_PRIMARY_KEY  public.t\n" in printed
    assert "undo:     ALTER TABLE public.t DROP COLUMN pk_t\n" in printed
    assert "1 warning, as role postgres sees the database." in printed
    assert doctor("--apply", "NO_PRIMARY_KEY") == 0
    output = capsys.readouterr()
    assert "undo: ALTER TABLE public.t DROP COLUMN pk_t\n" in output.err
    assert output.out == "No known fault, as role postgres sees the database.\n"


def test_json_has_every_part_of_a_finding(
    doctor: Doctor, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at_once(run_sql(database, TABLE))
    assert doctor("--json", "--only", "NO_PRIMARY_KEY") == 1
    document = json.loads(capsys.readouterr().out)
    (finding,) = document["findings"]
    assert (document["version"], document["role"], document["not_seen"]) == (1, "postgres", [])
    assert (finding["object"], finding["severity"]) == ("public.t", "warning")
    assert finding["docs"] == "docs/findings/NO_PRIMARY_KEY.md"
    assert finding["explain"].endswith("doctor doctor_api:app --explain NO_PRIMARY_KEY")
    assert all(finding[name] for name in ("title", "evidence", "why", "command", "undo", "lock"))


def test_an_ignored_fault_is_only_counted(
    doctor: Doctor, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at_once(run_sql(database, TABLE))
    only = ("--only", "NO_PRIMARY_KEY")
    assert doctor(*only, "--ignore", "NO_PRIMARY_KEY:public.t") == 0
    assert (
        capsys.readouterr().out
        == "No known fault; 1 ignored, as role postgres sees the database.\n"
    )
    assert doctor(*only, "--min-severity", "error") == 0


def test_an_unknown_code_is_refused_with_the_nearest(
    doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor("--ignore", "NO_PRIMARY_KEYS") == 2
    assert "NO_PRIMARY_KEY" in capsys.readouterr().err


def test_every_code_is_explained_without_a_database(
    doctor: Doctor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", "postgresql://nobody@localhost:1/none")
    for fault in FAULTS:
        assert doctor("--explain", fault.code) == 0
        explained = capsys.readouterr().out
        assert explained.startswith(f"# {fault.code}\n\n{fault.title}.")
        # Commands in it are written as they run.
        assert fault.why.partition("fraiseql")[0] in explained
    assert doctor("--explain", "NO_KEY") == 2
    assert "NO_PRIMARY_KEY" in capsys.readouterr().err
