"""``fraiseql trace``: its output, its files, and its refusals."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fraiseql.cli.main import main
from tests.integration.operating.traced import TABLES, Traced

QUERIES = ("query Live { live(id: 1) { name } }", "query Many { lives { id twice } }")
Command = Callable[..., int]


@pytest.fixture(scope="module")
def traced(database: str) -> Iterator[Traced]:
    """The application, with a trace of two operations."""
    traced = Traced(database)
    traced.execute(TABLES)
    traced.apply()
    traced.serve(*QUERIES)
    yield traced
    traced.runner.close()


@pytest.fixture
def command(tmp_path: Path, traced: Traced, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command for the application."""
    name = f"traced_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(
        f"from tests.integration.operating.traced import app_of\napp = app_of({traced.url!r})\n"
    )
    monkeypatch.chdir(tmp_path)
    return lambda word, *words: main(["trace", word, f"{name}.py:app", *words])


@pytest.mark.parametrize("order", ["total", "mean", "p95", "bytes"])
def test_operations_are_shown_in_the_order_of_their_cost(
    command: Command, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    assert command("show", "--json", "--by", order) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    many, live = document["operations"]
    assert [many["name"], live["name"]] == ["Many", "Live"]
    assert live["document"] == "query Live { live(id: 0) { name } }"
    assert (live["calls"], live["errors"], live["most_in_request"]) == (1, 0, 0)
    assert 0 < live["p50_ms"] <= live["p95_ms"] <= live["p99_ms"] <= 2 * live["total_ms"]
    (statement,) = live["statements"]
    assert (statement["source"], statement["root"]) == ("live", "live")
    assert (statement["rows"], statement["relations"]) == (1, ["public.tb_live"])


def test_the_table_has_a_line_for_each_statement(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("show", "--top", "1") == 0
    table, _, after = capsys.readouterr().out.partition("\n\n")
    lines = table.splitlines()
    assert lines[0].startswith("2 operations from ")
    assert lines[2].startswith("Many ")
    assert after.startswith("1 more: --top N.\n")
    assert [line.split()[:3] for line in lines[3:] if line.startswith("  ") and line[2] != " "] in (
        [["twice", "live", "50"], ["lives", "live", "1"]],
        [["lives", "live", "1"], ["twice", "live", "50"]],
    )


def test_an_export_is_imported_once(
    command: Command, traced: Traced, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def calls() -> int:
        return traced.trace()["Live"].cost.calls

    before = calls()
    assert command("export", "trace.jsonl") == 0
    assert command("export", "-") == 0
    assert capsys.readouterr().out.endswith((tmp_path / "trace.jsonl").read_text())
    assert command("import", "trace.jsonl") == 0
    assert calls() == 2 * before
    assert command("import", "trace.jsonl", "--json") == 0
    assert calls() == 2 * before
    capsys.readouterr()
    assert command("purge", "--json") == 0
    assert json.loads(capsys.readouterr().out)["windows"] > 0
    assert command("show") == 2
    assert "The trace is empty" in capsys.readouterr().err
    assert command("import", "trace.jsonl") == 0
    assert calls() == before
    assert traced.trace()["Live"].statements[0].relations == ("public.tb_live",)


def test_the_tables_are_dropped_when_the_trace_is_switched_off(
    command: Command, traced: Traced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tables() -> int:
        return len(traced.fetch("SELECT FROM pg_class WHERE relname LIKE 'operation%_pkey'"))

    (file,) = tmp_path.glob("*.py")
    assert tables() == 4
    assert main(["db", "plan", f"{file}:app"]) == 0
    monkeypatch.setenv("FRAISEQL_TRACE", "off")
    off = file.with_name(f"off_{file.name}")
    off.write_text(file.read_text())
    assert main(["db", "plan", f"{off}:app"]) == 1
    assert main(["db", "apply", f"{off}:app", "--drop"]) == 0
    assert (tables(), main(["db", "plan", f"{off}:app"])) == (0, 0)
    assert command("show") == 2
    monkeypatch.undo()
    traced.apply()
    assert tables() == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Line 1 is no line of a trace: the file is empty"),
        ("nonsense\n", "Line 1 is no line of a trace: it is no JSON object"),
        ('{"fraiseql_trace": 2}\n', "Line 1 is no line of a trace: its head is not"),
        ('{"fraiseql_trace": 1}\n{"kind": "table"}\n', "Line 2 is no line of a trace: its kind"),
        ('{"fraiseql_trace": 1}\n{"kind": "statement", "id": ""}\n', "it has no root, sql"),
    ],
)
def test_a_file_that_is_no_export_is_refused(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, problem: str
) -> None:
    (tmp_path / "other.jsonl").write_text(text)
    assert command("import", "other.jsonl") == 2
    assert problem in capsys.readouterr().err


def test_a_file_that_cannot_be_used_is_refused(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("import", "absent.jsonl") == 2
    assert command("export", "absent/trace.jsonl") == 2
    assert "absent.jsonl cannot be read" in capsys.readouterr().err
