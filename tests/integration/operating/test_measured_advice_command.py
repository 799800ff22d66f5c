"""``fraiseql advise`` that measures, writes, and checks after the deployment."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fraiseql.cli.main import main
from tests.integration.operating.scratch import Scratch, Scratches
from tests.integration.operating.traced import Traced

API = """import fraiseql


@fraiseql.type(
    sql_source="tb_entry",
)
class Entry:
    id: int
    author: int
    title: str


app = fraiseql.create_app(
    queries=[fraiseql.find("entries", Entry, by="author", order_by="id")],
    worker=False,
    trace="values",
)
"""
TABLES = """
CREATE TABLE tb_entry (id int PRIMARY KEY, author int NOT NULL, title text NOT NULL);
INSERT INTO tb_entry SELECT g, g * 7919 % 2000, 'title ' || g FROM generate_series(1, 40000) AS g;
ANALYZE tb_entry;
"""
ENTRIES = "query Entries($author: Int!) { entries(author: $author) { title } }"
CATALOG = """
SELECT 'index' AS kind, indexdef AS text FROM pg_indexes
  WHERE schemaname NOT IN ('pg_catalog', 'pg_toast')
UNION ALL SELECT 'relation', oid::regclass::text FROM pg_class
  WHERE relnamespace::regnamespace::text IN ('public', 'fraiseql')
UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc
  WHERE pronamespace::regnamespace::text IN ('public', 'fraiseql')
UNION ALL SELECT 'ledger', kind || ' ' || name FROM fraiseql.ledger
ORDER BY 1, 2"""
SLOW = "UPDATE fraiseql.operation_window SET db_ms_sum = 50.0 * calls"
"""Whatever else the machine does, a statement takes much longer than a round trip."""

EARLIER = "UPDATE fraiseql.operation_window SET at = at - interval '10 minutes'"

Advise = Callable[..., int]


@pytest.fixture(scope="module")
def entries(scratches: Scratches) -> Iterator[Traced]:
    scratch: Scratch = scratches("embedded")
    scratch.run("CREATE DATABASE entries")
    traced = Traced(scratch.url.replace("/doctor?", "/entries?"))
    traced.execute(TABLES)
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE entries WITH (FORCE)")


@pytest.fixture
def run(entries: Traced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run commands for an application in a folder of its own."""
    (tmp_path / "advised_api.py").write_text(API)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", entries.url)
    monkeypatch.setenv("FRAISEQL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.syspath_prepend(str(tmp_path))

    def command(*words: str) -> int:
        # The source changes between two commands.
        sys.modules.pop("advised_api", None)
        return main([*words, "advised_api:app"])

    return command


def ask(entries: Traced, times: int) -> None:
    """Serve requests with the application as its source is now."""
    sys.modules.pop("advised_api", None)
    entries.app = lambda *_, **__: __import__("advised_api").app
    entries.serve(*[ENTRIES] * times, variables={"author": 7})


def patched(*words: str) -> None:
    subprocess.run(["patch", "-p1", "-s", *words], check=True)


def test_advice_is_measured_written_deployed_checked_and_undone(
    entries: Traced, run: Advise, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "advised_api.py"
    assert run("db", "apply") == 0
    before = entries.fetch(CATALOG)
    ask(entries, 12)
    entries.execute(SLOW)
    capsys.readouterr()
    assert run("advise", "--evaluate", "--emit", "out", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    (advice,) = document["advice"]
    assert document["scratch"]["form"] == "embedded"
    assert document["refused"] == document["not_measured"] == []
    measured = advice["statements"][0]["measured"]
    assert measured["equal"]
    assert measured["low"] <= measured["gain"] <= measured["high"]
    assert measured["gain"] > 2
    # The last advice, and the history of what was measured; nothing of the copy.
    remaining = sorted(path.name for path in (tmp_path / "data").iterdir())
    assert remaining == ["advice.json", "advice.jsonl"]
    # Not deployed yet.
    assert run("advise", "--check", advice["id"]) == 1
    assert "not deployed" in capsys.readouterr().out
    patch, undo, *sql = [Path(each) for each in advice["files"]]
    assert any("CREATE INDEX" in path.read_text() for path in sql)
    patched("-i", str(patch))
    assert "indexes=[fraiseql.Index(" in source.read_text()
    assert run("db", "apply") == 0
    entries.execute(EARLIER, "UPDATE fraiseql.ledger SET at = at - interval '2 minutes'")
    record = tmp_path / "data" / "advice.jsonl"
    line = json.loads(record.read_text())
    line["at"] = line["at"].replace("20", "19", 1)
    # How much faster it is here depends on what else the machine does.
    line["promises"] = [{**each, "low": 1.0} for each in line["promises"]]
    record.write_text(json.dumps(line) + "\n")
    assert run("advise", "--check", advice["id"]) == 1
    assert "too few requests" in capsys.readouterr().out
    ask(entries, 60)
    assert run("advise", "--check", advice["id"]) == 0
    assert "kept" in capsys.readouterr().out
    assert run("advise", "--history") == 0
    assert advice["id"] in capsys.readouterr().out
    patched("-i", str(undo))
    assert source.read_text() == API
    assert run("db", "apply") == 0
    assert entries.fetch(CATALOG) == before


def test_advice_is_measured_in_a_copy_of_the_user_which_stays_as_it_is(
    entries: Traced, scratches: Scratches, run: Advise, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("db", "apply") == 0
    ask(entries, 12)
    entries.execute(SLOW)
    scratch: Scratch = scratches("embedded")
    scratch.run("CREATE DATABASE restored TEMPLATE entries")
    restored = Traced(entries.url.replace("/entries?", "/restored?"))
    try:
        before = restored.fetch(CATALOG)
        capsys.readouterr()
        assert run("advise", "--evaluate", "--scratch", restored.url, "--json") == 1
        document = json.loads(capsys.readouterr().out)
        assert (document["scratch"]["form"], document["refused"]) == ("url", [])
        (advice,) = document["advice"]
        measured = advice["statements"][0]["measured"]
        assert measured["equal"]
        assert measured["blocks"][0] > 2 * measured["blocks"][1]
        assert "writes were not measured: only a copy may be written" in advice["notes"]
        assert restored.fetch(CATALOG) == before
        assert run("advise", "--evaluate", "--scratch", f"{entries.url}_missing") == 2
        assert run("advise", "--evaluate", "--scratch", restored.url) == 1
        printed = capsys.readouterr().out
        assert "measured  in url: no copy" in printed
    finally:
        restored.runner.close()
        scratch.run("DROP DATABASE restored WITH (FORCE)")


def test_advice_to_cache_is_checked_from_the_first_answers_of_the_cache(
    entries: Traced, run: Advise, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("db", "apply") == 0
    ask(entries, 22)
    (operation,) = entries.fetch("SELECT id FROM fraiseql.operation")
    promise = {"operation": operation["id"], "name": "Entries", "root": "entries"}
    promise |= {"before_ms": 1e6, "gain": 3.0, "low": 2.0, "high": 4.0}
    record = {"id": "c", "at": "2026-01-01T00:00:00+00:00", "kind": "result cache"}
    record |= {"title": "result cache …", "target": "entries", "undo": [], "confidence": "rough"}
    (tmp_path / "data").mkdir(exist_ok=True)
    text = json.dumps({**record, "promises": [promise]}) + "\n"
    (tmp_path / "data" / "advice.jsonl").write_text(text)
    assert run("advise", "--check", "c") == 1
    assert "not deployed" in capsys.readouterr().out
    entries.execute(
        "UPDATE fraiseql.operation_window SET source = 'result:miss',"
        " at = at - interval '3 minutes' WHERE statement <> ''"
    )
    assert run("advise", "--check", "c") == 0
    assert "kept" in capsys.readouterr().out


def test_a_broken_promise_is_said_with_the_undo(
    entries: Traced, run: Advise, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("db", "apply") == 0
    ask(entries, 22)
    entries.execute("UPDATE fraiseql.operation_window SET at = now() + interval '2 minutes'")
    (operation,) = entries.fetch("SELECT id FROM fraiseql.operation")
    promise = {"operation": operation["id"], "name": "Entries", "root": "entries"}
    promise |= {"before_ms": 0.001, "gain": 3.0, "low": 2.0, "high": 4.0}
    record = {"id": "x", "at": "2026-01-01T00:00:00+00:00", "kind": "index", "title": "index …"}
    record |= {"target": "Entry", "undo": ["remove it"], "confidence": "measured"}
    (tmp_path / "data").mkdir(exist_ok=True)
    text = json.dumps({**record, "promises": [promise]}) + '\n{"half'
    (tmp_path / "data" / "advice.jsonl").write_text(text)
    assert run("advise", "--check", "x", "--since", "2026-01-02") == 1
    output = capsys.readouterr().out
    assert "not kept" in output
    assert "undo   remove it" in output
    assert run("advise", "--check", "y") == 2
    assert "It has x." in capsys.readouterr().err
