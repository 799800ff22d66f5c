"""Concepts: the tests that the pages name exist, and only the last section names them."""

import re

import pytest

from tests.architecture.source_tree import ROOT

CONCEPTS = ROOT / "docs" / "concepts"
PAGES = {"stored-documents.md": 20, "result-caches.md": 20, "serving-pipeline.md": 2}
"""The pages, and the fewest tests that each names."""


@pytest.mark.parametrize("name", PAGES)
def test_tests_named_by_a_page_exist(name: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (CONCEPTS / name).read_text()))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)", sources))
    assert len(named) >= PAGES[name]
    assert named - defined == set()


@pytest.mark.parametrize("name", PAGES)
def test_running_text_names_no_test(name: str) -> None:
    running = (CONCEPTS / name).read_text().partition("\n## Tests\n")[0]
    assert re.findall(r"`test_\w+`", running) == []
