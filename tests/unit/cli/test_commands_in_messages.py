"""Commands in messages run as they are written."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fraiseql.cli.commands import program, runnable, use_application
from fraiseql.cli.main import main, make_parser


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    # It knows the commands.
    make_parser()
    program.cache_clear()
    # Another test of the process may have named one.
    use_application(None)
    yield
    program.cache_clear()
    use_application(None)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder with an environment that is not activated."""
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    script = folder / "fraiseql"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_program_that_the_shell_does_not_find_has_its_path(environment: Path) -> None:
    text = "Run fraiseql db apply with this application, then `fraiseql doctor APP`."
    assert runnable(text) == (
        "Run .venv/bin/fraiseql db apply with this application, then `.venv/bin/fraiseql doctor"
        " APP`."
    )
    # Names that are no command of the program.
    for other in (
        "a fraiseql database",
        "my/fraiseql db",
        "fraiseql: error",
        "pip install fraiseql",
    ):
        assert runnable(other) == other


def test_an_activated_environment_needs_no_path(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{environment}:/usr/bin")
    assert runnable("fraiseql tune APP") == "fraiseql tune APP"


def test_another_installation_in_the_path_is_not_used(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "fraiseql").write_text("#!/bin/sh\n")
    (other / "fraiseql").chmod(0o755)
    monkeypatch.setenv("PATH", str(other))
    assert runnable("fraiseql demo") == ".venv/bin/fraiseql demo"


def test_the_application_is_the_one_of_the_command_line(environment: Path) -> None:
    use_application("my api.py:app")
    assert runnable("fraiseql tune APP --apply\nAPP is a word") == (
        ".venv/bin/fraiseql tune 'my api.py:app' --apply\nAPP is a word"
    )


def test_a_command_that_needs_the_application_names_it(environment: Path) -> None:
    use_application("api:app")
    program_ = ".venv/bin/fraiseql"
    for text, expected in (
        ("then fraiseql db apply", f"then {program_} db apply api:app"),
        ("See fraiseql db status; start it.", f"See {program_} db status api:app; start it."),
        ("`fraiseql doctor` lists", f"`{program_} doctor api:app` lists"),
        ("as soon as fraiseql db apply has run", f"as soon as {program_} db apply has run"),
        ("fraiseql db verify other:app", f"{program_} db verify other:app"),
        ("fraiseql demo.", f"{program_} demo."),
    ):
        assert runnable(text) == expected


def test_hints_of_errors_have_it_too(environment: Path, capsys: Any) -> None:
    assert main(["demo", "--json"]) == 2
    assert ".venv/bin/fraiseql demo --check --json" in capsys.readouterr().err
