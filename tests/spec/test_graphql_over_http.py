"""GraphQL over HTTP: every audit of the npm package graphql-http against a real server."""

import asyncio
import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.http.application import make_app, prepare, served

HERE = Path(__file__).parent
AUDITS = 61


@pytest.mark.parametrize("native", [True, False], ids=["native", "python"])
def test_every_audit_is_ok(database: str, native: bool) -> None:
    node = shutil.which("node")
    assert node is not None, "node is missing: install Node.js 20 or newer, then `make setup-test`"
    assert (HERE / "node_modules" / "graphql-http").is_dir(), "run `make setup-test`"
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, prepare(database)).result()
    with served(make_app(database, native=native)) as address:
        command = [node, "audit.mjs", f"{address}/graphql"]
        done = subprocess.run(
            command, check=False, cwd=HERE, capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert [outcome for outcome in outcomes if outcome["status"] != "ok"] == []
    assert len(outcomes) == AUDITS
