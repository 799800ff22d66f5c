"""Smoke test of a wheel in a new environment, away from the repository.

A wheel is built from a clone of HEAD, installed, and used as the tutorial says: tables, types,
server, browser page. Then DATABASE_URL names the database. Last come the first mistakes of each
kind, whose messages are compared with ``scripts/newcomer_mistakes.txt``.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs" / "tutorial" / "first-api.md"
GOLDEN = ROOT / "scripts" / "newcomer_mistakes.txt"
TIMEOUT = 90.0

MISTAKES = {
    "a column with a typing mistake": ("first_name: str", "fist_name: str"),
    "a column of another type": ("first_name: str", "first_name: int"),
    "a table with a typing mistake": ('sql_source="tb_user"', 'sql_source="tb_users"'),
    "an embed by an unknown column": ('on="user_id"', 'on="userid"'),
    "a type without a hint": ("email: str", "email = fraiseql.field()"),
    "a type without a GraphQL form": ("email: str", "email: set"),
    "a root field of an unknown field": ('by="id"', 'by="key"'),
    "an unknown setting": ("create_app(", "create_app(pool=5,"),
    "a strategy without parentheses": (
        'fraiseql.type(sql_source="tb_user")',
        'fraiseql.type(sql_source="tb_user", stored=fraiseql.Projection)',
    ),
}


def main() -> int:
    """Build a wheel of HEAD and try it; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="fraiseql-wheel-") as folder:
        return try_wheel(_build_wheel(Path(folder)), Path(folder))


def try_wheel(wheel: Path, folder: Path) -> int:
    """Install a wheel below ``folder`` and use it; return the exit status."""
    program = _install(wheel, folder / "environment")
    project = folder / "project"
    project.mkdir()
    _follow_tutorial(program, project)
    _serve_own_database(program, project)
    return _compare_mistakes(program, project)


def clone(folder: Path) -> Path:
    """Clone HEAD below ``folder``; return the clone."""
    target = folder / "clone"
    _run("git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), str(target))
    return target


def _build_wheel(folder: Path) -> Path:
    source = clone(folder)
    # The libraries that `make native` has compiled are used again.
    target = {"CARGO_TARGET_DIR": str(ROOT / "target")}
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    _run(*command, "--no-deps", "--wheel-dir", str(folder / "dist"), str(source), **target)
    (wheel,) = (folder / "dist").glob("fraiseql-*.whl")
    shutil.rmtree(source)
    return wheel


def _install(wheel: Path, environment: Path) -> Path:
    venv.create(environment, with_pip=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    _run(*pip, "install", "--quiet", f"{wheel}[serve,embedded]")
    return environment / "bin" / "fraiseql"


def _follow_tutorial(program: Path, project: Path) -> None:
    """Follow the tutorial with the embedded PostgreSQL."""
    tables, api, _ = _blocks("python")
    (project / "tables.py").write_text(tables)
    (project / "api.py").write_text(api)
    _run(str(program.parent / "python"), "tables.py", cwd=project)
    query, _, _ = _blocks("graphql")
    answer, _, _ = _blocks("json")
    with _serving(program, project) as (address, text):
        assert "Database  postgresql://" in text, text
        assert _post(address, query) == json.loads(answer)
        page = _fetch(address, {"accept": "text/html"})
        (script,) = set(re.findall(r'[^"]*graphiql\.min\.js', page))
        root = address.removesuffix("/graphql")
        assert "graphiql" in _fetch(f"{root}/{script.lstrip('./')}", {}).lower()


def _serve_own_database(program: Path, project: Path) -> None:
    """Serve the database that DATABASE_URL names, which another process started."""
    start = (
        "import time; from fraiseql.database.embedded import start_embedded\n"
        "print(start_embedded('.fraiseql').url, flush=True); time.sleep(600)"
    )
    command = [str(program.parent / "python"), "-c", start]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as database:
        try:
            assert database.stdout is not None
            url = database.stdout.readline().strip()
            assert url.startswith("postgresql://"), url
            elsewhere = project / "elsewhere"
            elsewhere.mkdir()
            shutil.copy(project / "api.py", elsewhere)
            with _serving(program, elsewhere, DATABASE_URL=url) as (address, _):
                answer = _post(address, "{ users { firstName } }")
            assert answer == {"data": {"users": [{"firstName": "Ada"}, {"firstName": "Alan"}]}}
            assert not (elsewhere / ".fraiseql").exists()
        finally:
            database.kill()


def _compare_mistakes(program: Path, project: Path) -> int:
    """Compare the messages of the first mistakes with the golden file."""
    _, api, _ = _blocks("python")
    messages = []
    for name, (right, wrong) in MISTAKES.items():
        assert right in api, right
        (project / "api.py").write_text(api.replace(right, wrong, 1))
        done = subprocess.run(
            [str(program), "serve", "api:app", "--port", str(_free_port())],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        lines = [line for line in done.stderr.splitlines() if not line.startswith("INFO:")]
        messages.append(f"# {name} (exit {done.returncode})\n" + "\n".join(lines) + "\n")
    text = "\n".join(messages)
    if "--update" in sys.argv:
        GOLDEN.write_text(text)
    if not GOLDEN.exists() or text != GOLDEN.read_text():
        print(f"The messages differ from {GOLDEN.name}:\n{text}")
        return 1
    return 0


def _blocks(language: str) -> list[str]:
    pattern = rf"^```{language}[^\n]*\n(.*?)^```$"
    return re.findall(pattern, TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)


@contextmanager
def _serving(program: Path, project: Path, **more: str) -> Iterator[tuple[str, str]]:
    output = project / "output.txt"
    port = _free_port()
    command = [str(program), "serve", "api:app", "--port", str(port)]
    with output.open("w") as file:
        process = subprocess.Popen(
            command, cwd=project, env=_environment(more), stdout=file, stderr=subprocess.STDOUT
        )
    try:
        _await_start(process, output)
        yield f"http://127.0.0.1:{port}/graphql", output.read_text()
    finally:
        process.terminate()
        process.wait(TIMEOUT)


def _await_start(process: "subprocess.Popen[bytes]", output: Path) -> None:
    end = time.monotonic() + TIMEOUT
    while "startup complete" not in output.read_text():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < end, output.read_text()
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _post(address: str, query: str) -> object:
    body = json.dumps({"query": query}).encode()
    return json.loads(_fetch(address, {"content-type": "application/json"}, body))


def _fetch(address: str, headers: dict[str, str], body: bytes | None = None) -> str:
    request = urllib.request.Request(address, body, headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        return answer.read().decode()


def _environment(more: dict[str, str]) -> dict[str, str]:
    """Return this process's environment without this project's variables."""
    dropped = ("FRAISEQL_", "DATABASE_URL", "PYTHONPATH", "MYPYPATH", "VIRTUAL_ENV")
    own = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**own, **more}


def _run(*command: str, cwd: Path | None = None, **more: str) -> None:
    subprocess.run(command, cwd=cwd, env=_environment(more), check=True)


if __name__ == "__main__":
    sys.exit(main())
