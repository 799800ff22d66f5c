"""Concepts: the tests that the pages name exist, and only the last section names them."""

import re

import pytest

from tests.architecture.source_tree import ROOT

CONCEPTS = ROOT / "docs" / "concepts"
FEWEST_NAMED = 20


@pytest.mark.parametrize("name", ["stored-documents.md", "result-caches.md"])
def test_tests_named_by_a_page_exist(name: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (CONCEPTS / name).read_text()))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)", sources))
    assert len(named) > FEWEST_NAMED
    assert named - defined == set()
