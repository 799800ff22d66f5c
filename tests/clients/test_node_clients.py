"""Clients in JavaScript against a real server, each used as its documentation says."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent


def run(*command: str, folder: Path = HERE) -> str:
    """Return the output of a program of Node, which fails the test if it fails."""
    node = shutil.which("node")
    assert node is not None, "node is missing: install Node.js 20 or newer, then `make setup-test`"
    assert (HERE / "node_modules" / "graphql").is_dir(), "run `make setup-test`"
    done = subprocess.run([node, *command], check=False, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def last_line(output: str) -> dict[str, Any]:
    return json.loads(output.splitlines()[-1])


def test_apollo_client_pages_writes_and_reports_errors(endpoint: str) -> None:
    report = last_line(run("apollo.mjs", endpoint))
    assert [report["expired"], report["banned"]] == ["UNAUTHENTICATED", "FORBIDDEN"]
    # What a component sees of the task: open, done without an instant (optimistic), done with it.
    assert report["seen"] == ["OPEN?", "DONE?", "DONE"]


def test_urql_pages_writes_and_reports_errors(endpoint: str) -> None:
    report = last_line(run("urql.mjs", endpoint))
    assert report == {"expired": [401, "UNAUTHENTICATED"], "banned": [403, "FORBIDDEN"]}


def test_graphql_request_reads_writes_and_reports_errors(endpoint: str) -> None:
    run("graphql_request.mjs", endpoint)
