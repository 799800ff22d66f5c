"""Result caches: every test that the concept page names is there."""

import re

from tests.architecture.source_tree import ROOT

PAGE = ROOT / "docs" / "concepts" / "result-caches.md"


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", sources))
    assert len(named) > 20
    assert named - there == set()
