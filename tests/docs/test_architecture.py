"""ARCHITECTURE.md names every folder, and few existing files for each common change."""

import re
from collections.abc import Iterator

from tests.architecture.source_tree import PACKAGE, ROOT

MOST_FILES = 4
CHANGES = {
    "add a filter operator",
    "add a store for results",
    "add a response header",
    "change a look-up rule",
    "add a strategy",
}
TEXT = (ROOT / "ARCHITECTURE.md").read_text()


def section(title: str) -> str:
    return TEXT.partition(f"# {title}\n")[2].partition("\n#")[0]


def files_to_open() -> Iterator[tuple[str, list[str]]]:
    for change, files in re.findall(
        r"^\| ([^|`]+?) \| (`.+) \|$", section("Files to open"), re.MULTILINE
    ):
        yield change, re.findall(r"`([^`]+)`", files)


def test_common_changes_open_few_files_that_exist() -> None:
    changes = dict(files_to_open())
    assert changes.keys() >= CHANGES
    for change, files in changes.items():
        assert len(files) <= MOST_FILES, change
        assert [name for name in files if not (ROOT / name).exists()] == [], change


def test_the_layout_names_every_folder_of_the_package() -> None:
    layout = section("Layout")
    folders = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")}
    missing = [
        str(folder)
        for folder in sorted(folders)
        if folder.parts and not re.search(rf"\b{folder.name}/", layout)
    ]
    assert missing == []


def test_the_layout_names_no_module_that_does_not_exist() -> None:
    modules = {path.name for path in PACKAGE.rglob("*.py")}
    named = set(re.findall(r"\b(\w+\.py)\b", section("Layout")))
    assert named - modules == set()
