"""Golden operations: plan, SQL and response in one directory each.

``pytest tests/golden --update-golden`` writes the results as expected; review the diff.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fraiseql.serving import Request
from tests.golden.application import QUERIES, TABLES, TYPES
from tests.integration.serving.served import Served, served

HERE = Path(__file__).parent
NAMES = sorted(path.parent.name for path in HERE.glob("*/query.graphql"))


@pytest.fixture(scope="module")
def golden(database: str) -> Iterator[Served]:
    with served(database, TABLES, types=TYPES, queries=QUERIES) as running:
        yield running


def outcome(golden: Served, query: str, variables: dict[str, Any]) -> dict[str, str]:
    """Return the text of each file that is expected of an operation."""
    explained = golden.run(golden.service.explain(Request(query, variables=variables)))
    statements = [
        "".join([f"-- {statement.key}\n{statement.sql};\n", *parameters(statement.parameters)])
        for statement in explained.statements
    ]
    return {
        "plan.txt": explained.plan + "\n",
        "statements.sql": "\n".join(statements) or "-- none from the plan\n",
        "response.json": indented(golden.body(query, variables)),
    }


def indented(body: bytes) -> str:
    """Lay JSON out for readers; numbers keep their text."""
    content = json.loads(body, parse_float=lambda text: f"<{text}>")
    for error in content.get("errors", ()):
        if "id" in error["extensions"]:
            error["extensions"]["id"] = "…"
    text = json.dumps(content, indent=2, ensure_ascii=False)
    return re.sub(r'"<(-?[\d.eE+-]+)>"', r"\1", text) + "\n"


def parameters(values: tuple[str, ...]) -> Iterator[str]:
    for number, text in enumerate(values, 1):
        yield f"-- ${number} = {text}\n"


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_is_planned_and_answered_as_before(
    golden: Served, name: str, pytestconfig: pytest.Config
) -> None:
    place = HERE / name
    variables = place / "variables.json"
    values = json.loads(variables.read_text()) if variables.exists() else {}
    actual = outcome(golden, (place / "query.graphql").read_text(), values)
    if pytestconfig.getoption("--update-golden"):
        for file, text in actual.items():
            (place / file).write_text(text)
    assert actual == {file: (place / file).read_text() for file in actual}


def test_the_cases_are_at_least_a_dozen() -> None:
    assert len(NAMES) >= 12
