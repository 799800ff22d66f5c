"""The table of features in the README: each row has a test, each refusal a reason."""

import re
from typing import Final

import pytest

from tests.architecture.source_tree import ROOT

_SECTION: Final = re.compile(r"^## Features$(.*?)^## ", re.MULTILINE | re.DOTALL)
_ROW: Final = re.compile(r"^\| (?!feature|---)(.+) \|$", re.MULTILINE)
_TEST: Final = re.compile(r"\[test\]\((tests/[\w/]+\.py)\)")
_FUNCTION: Final = re.compile(r"^(async )?def test_\w+", re.MULTILINE)


def tables() -> list[list[list[str]]]:
    """Return the cells of both tables: features, and what is not available."""
    section = _SECTION.search((ROOT / "README.md").read_text())
    assert section is not None
    available, missing = section[1].split("Not available")
    return [[row.split(" | ") for row in _ROW.findall(part)] for part in (available, missing)]


@pytest.mark.parametrize("cells", tables()[0], ids=lambda cells: cells[0])
def test_a_row_names_a_file_with_tests(cells: list[str]) -> None:
    feature, state, link = cells
    assert feature
    assert state
    test = _TEST.fullmatch(link)
    assert test is not None, link
    assert _FUNCTION.search((ROOT / test[1]).read_text())


def test_what_is_not_available_has_a_reason() -> None:
    available, missing = tables()
    assert len(available) > 30
    assert missing
    assert all(len(cells) == 2 and cells[1].strip() for cells in missing)
