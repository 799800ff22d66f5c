"""Clients in JavaScript against a real server, each used as its documentation says."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from graphql import print_schema

import fraiseql
from tests.clients.application import MUTATIONS, QUERIES

HERE: Final = Path(__file__).parent


def run(*command: str, folder: Path = HERE, **environment: str) -> str:
    """Return the output of a program of Node, which fails the test if it fails."""
    node = shutil.which("node")
    assert node is not None, "node is missing: install Node.js 20 or newer, then `make setup-test`"
    assert (HERE / "node_modules" / "graphql").is_dir(), "run `make setup-test`"
    done = subprocess.run(
        [node, *command],
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
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


RELAY: Final = {
    "src": "./src",
    "schema": "./schema.graphql",
    "language": "javascript",
    "eagerEsModules": False,
    "artifactDirectory": "./artifacts",
}


def test_relay_compiles_pages_and_writes(endpoint: str, tmp_path: Path) -> None:
    for name in ("src", "artifacts"):
        (tmp_path / name).mkdir()
    (tmp_path / "src" / "App.js").write_text((HERE / "relay_documents.cjs").read_text())
    schema = fraiseql.build_schema(queries=QUERIES, mutations=MUTATIONS).graphql
    (tmp_path / "schema.graphql").write_text(print_schema(schema))
    (tmp_path / "relay.config.json").write_text(json.dumps(RELAY))
    compiler = HERE.parent / "spec" / "node_modules" / "relay-compiler" / "cli.js"
    run(str(compiler), folder=tmp_path)
    run("relay.mjs", endpoint, str(tmp_path / "artifacts"))


TYPESCRIPT: Final = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "module": "nodenext",
    "target": "es2022",
    "lib": ["es2023", "dom", "dom.iterable"],
    "types": ["node"],
    "skipLibCheck": True,
    "outDir": "built",
}


def test_output_of_graphql_codegen_type_checks_and_runs(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "typed.ts").write_text((HERE / "typed.ts").read_text())
    config = {"compilerOptions": TYPESCRIPT, "include": ["typed.ts", "gql/*.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    run(
        "node_modules/.bin/graphql-codegen",
        "--config",
        "codegen.mjs",
        SCHEMA=endpoint,
        DOCUMENTS=str(HERE / "operations.graphql"),
        OUTPUT=f"{tmp_path / 'gql'}/",
    )
    run("node_modules/typescript/bin/tsc", "-p", ".", folder=tmp_path)
    run("built/typed.js", endpoint, folder=tmp_path)
