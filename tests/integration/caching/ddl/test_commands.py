"""``fraiseql db`` as a user runs it: plan, apply, status, verify, repair, and SQL files."""

import json
import re
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from fraiseql.cli.main import main
from tests.integration.caching.ddl.env import emptied, sql
from tests.integration.flights import at_once

API = """
import fraiseql

@fraiseql.type(sql_source="tb_user", stored=fraiseql.GeneratedColumn())
class User:
    id: int
    name: str
    {more}

app = fraiseql.create_app(queries=[fraiseql.find("users", User)], trace="off")
"""

NOT_APPLIED = re.compile(
    r"User: not as declared; run \S*fraiseql db status \S+:app, then \S*fraiseql db apply \S+:app"
)

Run = Callable[..., tuple[int, str]]
_numbers = count(1)


@pytest.fixture
def run(
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command on an application, and returns its exit code and what it printed."""
    at_once(emptied(database))
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", database)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*words: str, more: str = "") -> tuple[int, str]:
        # A module of its own for each: an imported one would be found again.
        module = f"api_of_db_{next(_numbers)}"
        (tmp_path / f"{module}.py").write_text(API.format(more=more))
        place = 2 if words[0] == "db" else 1
        code = main([*words[:place], f"./{module}.py:app", *words[place:]])
        said = capfd.readouterr()
        return code, said.out or said.err

    return run


def test_from_plan_to_repair(run: Run) -> None:
    code, text = run("db", "plan")
    assert code == 1
    assert "GENERATED ALWAYS AS" in text
    assert "lock: ACCESS EXCLUSIVE" in text
    assert "undo: ALTER TABLE" in text
    assert run("db", "status")[1].count("missing") == 9
    code, said = run("db", "verify")
    assert code == 1
    assert NOT_APPLIED.fullmatch(said.strip())

    assert run("db", "apply") == (0, "9 steps applied.\n")
    assert run("db", "plan") == (0, "Nothing to do: the database is as declared.\n")
    assert run("db", "apply") == (0, "Nothing to do.\n")
    states = json.loads(run("db", "status", "--json")[1])
    assert [state["state"] for state in states] == ["unchanged"] * 9
    assert run("db", "verify") == (0, "User: 50 compared, 0 differ\n")
    assert run("db", "repair") == (0, "User: 0 repaired\n")
    assert json.loads(run("db", "plan", "--json")[1]) == {"refusals": [], "steps": []}
    assert 't0."data"' in run("explain", "{ users { name } }")[1]


def test_another_version_of_the_column_is_not_read(run: Run) -> None:
    run("db", "apply")
    explained = run("explain", "{ users { nick } }", more="nick: str | None")[1]
    assert 't0."nick"' in explained
    assert "data" not in explained


def test_a_column_of_somebody_else_is_not_read(run: Run, database: str) -> None:
    at_once(sql(database, "ALTER TABLE tb_user ADD data jsonb DEFAULT '{}'"))
    assert 't0."name"' in run("explain", "{ users { name } }")[1]
    code, said = run("db", "apply")
    assert code == 1
    assert "NAME_TAKEN" in said


def test_files_are_printed_or_written(run: Run, tmp_path: Path) -> None:
    printed = run("db", "plan", "--sql", "-")[1]
    assert "-- 0000_ledger.sql\n" in printed
    run("db", "plan", "--sql", "out")
    paths = sorted((tmp_path / "out").iterdir())
    assert [path.name.split("_")[0] for path in paths] == [f"{number:04}" for number in range(10)]
    assert all(path.read_text() in printed for path in paths)


def test_a_share_must_be_one(run: Run) -> None:
    code, said = run("db", "verify", "--sample", "0")
    assert code == 2
    assert "above 0" in said


EMBEDDING = """
import fraiseql

@fraiseql.type(sql_source="tb_user", jsonb_column="extra")
class Twin:
    word: str

@fraiseql.type(sql_source="tb_user", stored=fraiseql.{stored})
class User:
    id: int
    twin: Twin | None = fraiseql.embed("tb_user", via="id")

app = fraiseql.create_app(queries=[fraiseql.find("users", User)])
"""


@pytest.mark.parametrize("stored", ["MaterializedView(refresh='1h')", "Projection()"])
def test_a_type_that_cannot_be_stored_for_an_embedded_one_is_not_compared(
    run: Run, database: str, monkeypatch: pytest.MonkeyPatch, stored: str
) -> None:
    at_once(sql(database, "ALTER TABLE tb_user ADD extra jsonb DEFAULT '{}'"))
    monkeypatch.setattr(f"{__name__}.API", EMBEDDING.replace("{stored}", stored))
    code, said = run("db", "plan")
    assert code == 1
    assert "Twin.word: it is part of jsonb_column" in said
    for command in ("verify", "repair"):
        code, said = run("db", command)
        assert code == 1
        assert NOT_APPLIED.fullmatch(said.strip())


OTHER = """
import fraiseql

@fraiseql.type(sql_source="tb_user", stored=fraiseql.GeneratedColumn(column="other"))
class Customer:
    id: int

app = fraiseql.create_app(queries=[fraiseql.find("customers", Customer)])
"""


def test_what_another_application_applied_is_not_dropped_by_accident(
    run: Run, database: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run("db", "apply")
    # A name of its own: the same test runs in this process for each server.
    other = f"api_of_another_{next(_numbers)}.py"
    (tmp_path / other).write_text(OTHER)
    assert main(["db", "apply", f"./{other}:app"]) == 2
    said = capfd.readouterr().err
    assert "are of User" in said
    assert "--drop" in said
    assert run("db", "plan") == (0, "Nothing to do: the database is as declared.\n")
    assert main(["db", "apply", f"./{other}:app", "--drop"]) == 0
    columns = "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = 'tb_user'::regclass"
    names = {row["name"] for row in at_once(sql(database, columns))}
    assert "other" in names
    assert "data" not in names


def test_a_role_that_may_not_read_the_ledger_gets_an_error(
    run: Run, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("db", "apply")
    at_once(sql(database, "CREATE ROLE fql_stranger LOGIN"))
    try:
        stranger = database.replace("postgres@", "fql_stranger@")
        monkeypatch.setenv("FRAISEQL_DATABASE_URL", stranger)
        code, text = run("db", "status")
        assert code == 1
        assert "fraiseql.ledger" in text
        granted = (
            "GRANT USAGE ON SCHEMA fraiseql TO fql_stranger;"
            " GRANT SELECT ON fraiseql.ledger, fraiseql.ledger_version TO fql_stranger"
        )
        at_once(sql(database, granted))
        assert "fraiseql.ledger" in run("db", "status")[1]
        granted = (
            "GRANT SELECT ON fraiseql.fingerprints TO fql_stranger;"
            " GRANT EXECUTE ON FUNCTION fraiseql.fingerprint_now TO fql_stranger"
        )
        at_once(sql(database, granted))
        assert "unchanged   User: column" in run("db", "status")[1]
    finally:
        at_once(sql(database, "DROP OWNED BY fql_stranger; DROP ROLE fql_stranger"))
