"""Clients in Python against a real server: gql, and the output of ariadne-codegen."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport
from graphql import GraphQLError, print_schema

from tests.architecture.source_tree import ROOT

PEERS: Final = ROOT / ".setup" / "peers" / "bin" / "python"
READ: Final = """
query Read($where: TaskWhere!, $first: Int) {
  tasks(where: $where, first: $first) {
    nodes { id rowId title status due token labels colour project { budget } }
    totalCount
  }
}
"""
CREATE: Final = """
mutation Create($input: CreateTaskInput!) {
  createTask(input: $input) {
    __typename
    ... on Task { title status colour }
    ... on WriteRefused { errors { code input } }
  }
}
"""
NOTES: Final = "{ project(rowId: 1) { name notes } }"
"""``notes`` is for the owner."""


def variables(values: dict[str, Any], document: str) -> Any:
    request = gql(document)
    request.variable_values = values
    return request


def test_gql_validates_with_the_introspected_schema(endpoint: str) -> None:
    with Client(transport=HTTPXTransport(endpoint), fetch_schema_from_transport=True) as session:
        task = session.execute(variables({"where": {"projectId": {"eq": 6}}, "first": 1}, READ))[
            "tasks"
        ]
        assert task["totalCount"] == 5
        assert task["nodes"][0]["title"] == "Task 1"
        assert task["nodes"][0]["project"] == {"budget": 6000.6}
        with pytest.raises(GraphQLError, match="Cannot query field 'nam'"):
            session.execute(gql("{ project(rowId: 1) { nam } }"))


def test_gql_writes_and_reports_errors(endpoint: str) -> None:
    with Client(transport=HTTPXTransport(endpoint)) as session:
        new = variables({"input": {"projectId": 6, "title": "From gql"}}, CREATE)
        created = session.execute(new)["createTask"]
        assert created == {
            "__typename": "Task",
            "title": "From gql",
            "status": "OPEN",
            "colour": None,
        }
        (error,) = session.execute(new)["createTask"]["errors"]
        assert error == {"code": "UNIQUE_VIOLATION", "input": ["input", "projectId"]}
        with pytest.raises(TransportQueryError) as caught:
            session.execute(gql(NOTES))
    assert caught.value.data == {"project": {"name": "Project 1", "notes": None}}
    assert caught.value.errors[0]["path"] == ["project", "notes"]


@pytest.mark.parametrize(
    ("token", "code"), [("expired", "UNAUTHENTICATED"), ("banned", "FORBIDDEN")]
)
def test_gql_reports_a_refused_token(endpoint: str, token: str, code: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    client = Client(transport=HTTPXTransport(endpoint, headers=headers))
    with pytest.raises(TransportQueryError) as caught:
        client.execute(gql("{ whoami }"))
    assert caught.value.errors[0]["extensions"]["code"] == code


async def test_gql_runs_on_a_loop(endpoint: str) -> None:
    transport = HTTPXAsyncTransport(endpoint, headers={"authorization": "Bearer owner"})
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        results = await asyncio.gather(*(session.execute(gql(NOTES)) for _ in range(3)))
        assert results == [{"project": {"name": "Project 1", "notes": "secret"}}] * 3
        schema = session.client.schema
        assert schema is not None
        assert schema.get_type("Colour") is not None


def introspected(endpoint: str) -> str:
    """Return the schema as a client reads it from the server."""
    with Client(transport=HTTPXTransport(endpoint), fetch_schema_from_transport=True) as session:
        schema = session.client.schema
        assert schema is not None
        return print_schema(schema)


def test_ariadne_codegen_makes_a_client_that_type_checks_and_runs(
    endpoint: str, tmp_path: Path
) -> None:
    assert PEERS.exists(), "run `make setup-test`"
    (tmp_path / "schema.graphql").write_text(introspected(endpoint))
    documents = (Path(__file__).parent / "operations.graphql").read_text()
    (tmp_path / "operations.graphql").write_text(documents)
    (tmp_path / "pyproject.toml").write_text(CODEGEN)
    done([str(PEERS), "-m", "ariadne_codegen"], tmp_path)
    (tmp_path / "mypy.ini").write_text(MYPY)
    (tmp_path / "typed.py").write_text((Path(__file__).parent / "typed_client.txt").read_text())
    done([sys.executable, "-m", "mypy", "typed.py"], tmp_path)
    output = done([sys.executable, "typed.py", endpoint], tmp_path)
    assert json.loads(output) == {"refused": "UNIQUE_VIOLATION", "status": "DONE"}


# Its fallback for a package that is not installed has no hints.
MYPY: Final = """
[mypy]
strict = True
[mypy-projects.async_base_client]
ignore_errors = True
"""
CODEGEN: Final = """
[tool.ariadne-codegen]
schema_path = "schema.graphql"
queries_path = "operations.graphql"
target_package_name = "projects"
[tool.ariadne-codegen.scalars.DateTime]
type = "datetime.datetime"
[tool.ariadne-codegen.scalars.Date]
type = "datetime.date"
[tool.ariadne-codegen.scalars.UUID]
type = "uuid.UUID"
[tool.ariadne-codegen.scalars.Decimal]
type = "decimal.Decimal"
[tool.ariadne-codegen.scalars.BigInt]
type = "int"
[tool.ariadne-codegen.scalars.Colour]
type = "str"
"""


def done(command: list[str], folder: Path) -> str:
    """Return the output of a program, which fails the test if it fails."""
    result = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
