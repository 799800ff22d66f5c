"""The documentation's blocks run as written, and its links resolve."""

import ast
import re
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from fraiseql.database.embedded import EmbeddedServer
from tests.architecture.source_tree import ROOT
from tests.docs.pages import Reader, blocks_of, pages

SEED = ROOT / "tests" / "docs" / "seed.md"
RUNNABLE = [path for path in [*pages(), SEED] if any(block.runs for block in blocks_of(path))]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# Their pages are listed in docs/reference.
NOT_LISTED = {"errors", "findings"}
_numbers = count(1)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture
async def page_url(server: EmbeddedServer) -> AsyncIterator[str]:
    """Address of a database for one page alone."""
    name = f"page_{next(_numbers)}"
    connection = await asyncpg.connect(server.url)
    await connection.execute(f"CREATE DATABASE {name}")
    yield server.url_for(name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.mark.parametrize("path", RUNNABLE, ids=name_of)
async def test_a_page_does_what_it_says(
    path: Path, page_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Some write files.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", page_url)
    reader = Reader(path, page_url)
    try:
        for block in blocks_of(path):
            await reader.follow(block)
            if block.language == "graphql" and block.runs:
                assert reader.answer is not None
                assert not reader.answer.errors, f"{name_of(path)}:{block.line}"
    finally:
        reader.leave()


def test_the_guides_are_among_the_pages_that_run() -> None:
    names = {name_of(path) for path in RUNNABLE}
    assert {
        "README.md",
        "docs/tutorial/first-api.md",
        "docs/how-to/filters.md",
        "tests/docs/seed.md",
    } <= names


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_python_that_is_only_shown_is_python(path: Path) -> None:
    for block in blocks_of(path):
        if block.language == "python":
            ast.parse(block.text, filename=f"{name_of(path)}:{block.line}")


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    targets = [link for link in _LINK.findall(path.read_text()) if "://" not in link]
    assert [link for link in targets if not (path.parent / link).exists()] == []


def anchors_of(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them, and those that are written out."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_links_to_sections_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s:]*\.md)?#([^)\s]+)\)", path.read_text())
    targets = [(path.parent / name if name else path, anchor) for name, anchor in links]
    assert [key for key in targets if key[1] not in anchors_of(key[0])] == []


@pytest.mark.parametrize(
    "name", ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/concepts/serving-pipeline.md"]
)
def test_named_files_exist(name: str) -> None:
    text = (ROOT / name).read_text()
    named = re.findall(r"`((?:python|crates|tests|scripts|docs|requirements)/[\w./-]+)`", text)
    assert named
    assert [path for path in named if "CODE" not in path and not (ROOT / path).exists()] == []


def test_every_page_is_linked_from_a_table_of_contents() -> None:
    docs = ROOT / "docs"
    linked = {(docs / link).resolve() for link in _LINK.findall((docs / "README.md").read_text())}
    own = {path.resolve() for path in docs.rglob("*.md") if path.parent.name not in NOT_LISTED}
    assert own - linked - {(docs / "README.md").resolve()} == set()
