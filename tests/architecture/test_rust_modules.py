"""Rust modules: no module of a crate imports itself, however long the way round."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT

IMPORT = re.compile(r"^use crate::(\w+)", re.MULTILINE)
CRATES = sorted((ROOT / "crates").glob("*/src"))


@pytest.mark.parametrize("source", CRATES, ids=[crate.parent.name for crate in CRATES])
def test_modules_of_a_crate_import_one_another_one_way_only(source: Path) -> None:
    imports = {path.stem: IMPORT.findall(path.read_text()) for path in source.glob("*.rs")}
    # Raises CycleError, which names the modules.
    assert list(TopologicalSorter(imports).static_order())
