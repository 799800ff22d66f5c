"""The generated reference describes every public name and its parameters."""

import inspect
import re
from typing import Any

import pytest

import fraiseql
from fraiseql.database import Database, Transaction
from fraiseql.repositories import Repository
from fraiseql.schema import Info
from tests.architecture.source_tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "python.md").read_text()
SECTIONS = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
METHODS = [
    (cls, name)
    for cls in (Repository, Database, Transaction)
    for name, member in vars(cls).items()
    if not name.startswith("_") and inspect.isfunction(member) and member.__doc__
]


@pytest.mark.parametrize("name", fraiseql.__all__)
def test_every_public_name_is_described(name: str) -> None:
    section = re.sub(r"```.*?```", "", SECTIONS[f"fraiseql.{name}"], flags=re.DOTALL)
    assert re.search(r"\w{3,} \w+", section), f"{name} has no docstring"


@pytest.mark.parametrize(("cls", "name"), METHODS)
def test_methods_are_described(cls: Any, name: str) -> None:
    assert f"{cls.__name__}.{name}" in SECTIONS


def functions() -> list[str]:
    return [name for name in fraiseql.__all__ if inspect.isfunction(getattr(fraiseql, name))]


@pytest.mark.parametrize("name", functions())
def test_every_parameter_of_a_function_is_described(name: str) -> None:
    section = SECTIONS[f"fraiseql.{name}"]
    parameters = inspect.signature(getattr(fraiseql, name)).parameters
    missing = [
        each
        for each in parameters
        if not re.search(rf"^- `\*{{0,2}}{each}`", section, re.MULTILINE)
    ]
    assert missing == []


def test_names_that_pages_refer_to_are_described() -> None:
    for name in ("create_app", "find", "find_one", "embed", "field"):
        assert f"{name}(" in SECTIONS[f"fraiseql.{name}"]
    assert {"fraiseql.Info", "fraiseql.repositories.Repository"} <= SECTIONS.keys()
    for attribute in ("context", "field_name", "selection"):
        assert f"`{attribute}`" in SECTIONS["fraiseql.Info"]
        assert hasattr(Info, attribute) or attribute in Info.__annotations__
