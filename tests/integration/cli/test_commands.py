"""Commands that print and end, and wrong usage."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import build_schema

from tests.integration.cli.program import fraiseql

BY_ID = "query ($id: Int!) { user(id: $id) { firstName } greeting }"


def test_schema_prints_sdl_without_a_database(project: Path) -> None:
    done = fraiseql("schema", "api:app", cwd=project, url="postgresql://nobody@127.0.0.1:1/none")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(build_schema(done.stdout).type_map["User"].fields) == ["id", "firstName"]  # type: ignore[attr-defined]


def test_explain_shows_plan_sql_and_what_postgresql_would_do(project: Path, users: str) -> None:
    done = fraiseql("explain", "api:app", BY_ID, "--variables", '{"id": 2}', cwd=project, url=users)
    assert (done.returncode, done.stderr) == (0, "")
    assert "greeting: Python" in done.stdout
    assert '\nFROM (\n  SELECT t0."first_name"\n' in done.stdout
    assert "-- $1 = 2" in done.stdout
    assert "tb_user" in done.stdout
    assert "actual time" not in done.stdout


def test_explain_analyze_runs_the_statement(project: Path, users: str) -> None:
    done = fraiseql(
        "explain", "api:app", "-", "--analyze", cwd=project, url=users, text="{ users { id } }"
    )
    assert "actual time" in done.stdout


def test_explain_says_that_no_check_ran(project: Path, users: str) -> None:
    api = project / "api.py"
    guarded = api.read_text().replace("first_name: str", "first_name: str = GUARDED")
    head = "import fraiseql\nGUARDED = fraiseql.field(requires=lambda context: False)\n"
    api.write_text(head + guarded)
    done = fraiseql("explain", "api:app", "{ users { firstName } }", cwd=project, url=users)
    assert (done.returncode, done.stderr) == (0, "")
    assert "planned with all rights: no check of requires= ran" in done.stdout
    done = fraiseql("explain", "api:app", "{ users { id } }", "--json", cwd=project, url=users)
    assert json.loads(done.stdout)["rights"] == "all"


def test_explain_prints_json(project: Path, users: str) -> None:
    done = fraiseql("explain", "api:app", "{ users { id } }", "--json", cwd=project, url=users)
    explained = json.loads(done.stdout)
    assert explained["statements"][0]["key"] == "users"
    assert explained["statements"][0]["sql"].startswith("SELECT ")
    assert "\n" not in explained["statements"][0]["sql"]


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["explain", "api:app", "{ usrs { id } }"], 1, "Did you mean 'users' or 'user'?"),
        (["explain", "api:app", "{ users { id "], 1, "Syntax Error"),
        (["explain", "api:app", "{ users { id } }", "--variables", "{"], 2, "is not JSON"),
        (["explain", "api:app", "{ users { id } }", "--variables", "1"], 2, "not a JSON object"),
        (["explain", "api:app", BY_ID], 1, "$id"),
    ],
)
def test_explain_says_what_is_wrong_with_the_operation(
    words: list[str], code: int, part: str, project: Path, users: str
) -> None:
    done = fraiseql(*words, cwd=project, url=users)
    assert (done.returncode, done.stdout) == (code, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["sreve", "api:app"], "invalid choice: 'sreve'"),
        (["serve"], "the following arguments are required: APP"),
        (["serve", "api:ap"], "Did you mean 'app'?"),
        (["serve", "api:app", "--workers", "0"], "--workers"),
        (["dev", "apy:app"], "Did you mean 'api'?"),
        (["schema", "apy.py:app"], "Did you mean 'api.py'?"),
        (["demo", "--json"], "--json goes with --check"),
        (["demo", "--check", "--database-url", "mysql://x"], "postgresql://"),
    ],
)
def test_wrong_use_is_said_and_ends_with_2(words: list[str], part: str, project: Path) -> None:
    done = fraiseql(*words, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_database_ends_with_1(project: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    done = fraiseql("demo", "--check", "--database-url", url, cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be reached" in done.stderr


def test_without_uvicorn_the_error_says_what_to_install(project: Path) -> None:
    code = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from fraiseql.cli.main import main; sys.exit(main(['serve', 'api:app']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert 'pip install "fraiseql[serve]"' in done.stderr


def test_version_and_help(project: Path) -> None:
    assert fraiseql("--version", cwd=project).stdout.startswith("fraiseql 0.")
    text = fraiseql("--help", cwd=project).stdout
    assert all(name in text for name in ("demo", "serve", "dev", "schema", "explain"))


# Without a buffer argparse itself forgives a help that cannot be written.
@pytest.mark.parametrize(
    ("words", "buffering"),
    [
        (("schema", "api:app"), ""),
        (("schema", "api:app"), "1"),
        (("--version",), ""),
        (("--version",), "1"),
        (("--help",), ""),
        (("serve", "--help"), ""),
    ],
)
def test_a_reader_that_has_seen_enough_is_no_error(
    project: Path, words: tuple[str, ...], buffering: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "fraiseql.cli", *words],
        cwd=project,
        env={**os.environ, "PYTHONUNBUFFERED": buffering},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.stderr, done.returncode) == (b"", 141)


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("serve", "--help")])
def test_a_wrong_setting_is_no_traceback(words: tuple[str, ...], tmp_path: Path) -> None:
    for name, value in (("FRAISEQL_POOL_SIZE", "abc"), ("FRAISEQL_POOLSIZE", "5")):
        environment = {**os.environ, name: value}
        done = subprocess.run(
            [sys.executable, "-m", "fraiseql.cli", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_setting_is_said_by_a_command_that_needs_it(tmp_path: Path) -> None:
    environment = {**os.environ, "FRAISEQL_POOL_SIZE": "abc"}
    done = subprocess.run(
        [sys.executable, "-m", "fraiseql.cli", "schema", "fraiseql.demo.app:app"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "FRAISEQL_POOL_SIZE is 'abc', which is not a whole number." in done.stderr
    assert "Traceback" not in done.stderr
