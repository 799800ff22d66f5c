"""The Python reference describes every public name, parameter and error."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from scripts.api_reference import OTHER_MODULES, members
from tests.architecture.source_tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "python.md").read_text()
SECTIONS = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
IMPORT = re.compile(r"^\s*from (fraiseql[\w.]*) import ([\w, ]+)$", re.MULTILINE)
SIMILAR = re.compile(r"[Aa]rguments and errors are those of")


def public() -> Iterator[tuple[str, Any]]:
    """Yield the names of sections, and the described objects."""
    for name in fraiseql.__all__:
        yield f"fraiseql.{name}", getattr(fraiseql, name)
    for module, values in OTHER_MODULES.items():
        for value in values:
            yield f"{module}.{value.__name__}", value


def described() -> Iterator[tuple[str, Any]]:
    """Yield all sections with their objects, those of methods too."""
    for name, value in public():
        yield name, value
        if inspect.isclass(value) and not issubclass(value, Exception):
            yield from ((f"{value.__name__}.{member}", entry) for member, entry in members(value))


DESCRIBED = dict(described())
CALLABLES = [name for name, value in DESCRIBED.items() if inspect.isfunction(value)]
CLASSES = [name for name, value in DESCRIBED.items() if inspect.isclass(value)]


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_public_name_is_described(name: str) -> None:
    section = re.sub(r"```.*?```", "", SECTIONS[name], flags=re.DOTALL)
    assert re.search(r"\w{3,} \w+", section), f"{name} has no docstring"


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_method_has_a_docstring(name: str) -> None:
    own = [
        member
        for member, value in vars(DESCRIBED[name]).items()
        if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
    ]
    assert [member for member in own if not getattr(DESCRIBED[name], member).__doc__] == []


@pytest.mark.parametrize("name", [*CALLABLES, *CLASSES])
def test_every_parameter_is_described(name: str) -> None:
    value, section = DESCRIBED[name], SECTIONS[name]
    if SIMILAR.search(section) or hasattr(value, "__parameters__"):
        return
    if inspect.isclass(value) and issubclass(value, Exception):
        return
    try:
        parameters = set(inspect.signature(value).parameters) - {"self", "cls"}
    except ValueError:
        return
    missing = [
        parameter
        for parameter in parameters
        if not re.search(rf"^- `[^`]*\b{parameter}\b[^`]*`", section, re.MULTILINE)
    ]
    assert missing == []


@pytest.mark.parametrize("name", CALLABLES)
def test_every_error_that_a_function_raises_itself_is_described(name: str) -> None:
    tree = ast.parse(textwrap.dedent(inspect.getsource(DESCRIBED[name])))
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
    errors = {
        call.func.id
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
    assert [error for error in errors if error not in SECTIONS[name]] == []


def test_every_name_that_a_page_imports_is_public() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    actual = {
        f"{module}.{name.strip()}"
        for page in pages
        for module, names in IMPORT.findall(page.read_text())
        for name in names.split(",")
    }
    # Examples of commands run in this process.
    assert sorted(actual - SECTIONS.keys() - {"fraiseql.cli.main.main"}) == []
