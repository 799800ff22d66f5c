"""Examples in docstrings give the results that they show."""

import doctest
import importlib
import pkgutil

import pytest

import fraiseql


def module_names() -> list[str]:
    modules = pkgutil.walk_packages(fraiseql.__path__, "fraiseql.")
    return [module.name for module in modules if not module.name.endswith("__main__")]


@pytest.mark.parametrize("name", module_names())
def test_examples_of_a_module(name: str) -> None:
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for example in finder.find(module, name):
        # Declarations look their type hints up by the name of their module.
        example.globs["__name__"] = name
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


def test_public_names_are_shown_by_example() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True, recurse=False)
    shown = {
        name
        for name in fraiseql.__all__
        if any(e.examples for e in finder.find(getattr(fraiseql, name), name))
    }
    assert {
        "embed",
        "enum",
        "field",
        "find",
        "find_one",
        "input",
        "interface",
        "query",
        "type",
    } <= shown
