"""Deploys: an application with other code is not given the answers of the one before."""

import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import outcomes, respond, served_with_caches

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE;
DROP TABLE IF EXISTS goods CASCADE;
CREATE TABLE goods (id int PRIMARY KEY, name text NOT NULL, price int NOT NULL, kind text NOT NULL);
INSERT INTO goods VALUES (1, 'cup', 10, 'r');
"""

FILES = {
    "__init__.py": "",
    "helpers.py": """\
FACTOR = 2


def times(value):
    return value * FACTOR


def plain(value):
    return f"<{value}>"
""",
    "views.py": """\
from enum import Enum

import fraiseql
from shop_deployed.helpers import plain, times

CACHED = fraiseql.Cache()


@fraiseql.scalar(serialize=lambda value: plain(value.text))
class Code:
    def __init__(self, text):
        self.text = text


@fraiseql.enum
class Kind(Enum):
    RED = "r"
    BLUE = "b"


@fraiseql.type(sql_source="goods")
class Goods:
    id: int
    name: str
    price: int
    kind: Kind

    def margin(self):
        return 1

    @fraiseql.field(needs=["price"])
    def doubled(self) -> int:
        return times(self.price) + self.margin()


@fraiseql.query(cache=fraiseql.Cache(tags=("goods",)))
def total(by: int = 3) -> int:
    return times(by)


@fraiseql.query(cache=fraiseql.Cache(tags=("goods",)))
def code() -> Code:
    return Code("x")


QUERIES = [fraiseql.find("goods", Goods, order_by="id", cache=CACHED), total, code]
""",
}
QUERY = "{ goods { name kind doubled } total code }"


@contextmanager
def deploy(directory: Path, files: dict[str, str], url: str, **options: Any) -> Iterator[Any]:
    """Serve an application that is written to a directory of its own."""
    package = directory / "shop_deployed"
    package.mkdir(parents=True)
    for name, text in files.items():
        (package / name).write_text(text)
    sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    try:
        module = importlib.import_module("shop_deployed.views")
        with served_with_caches(url, queries=module.QUERIES, **options) as running:
            yield running
    finally:
        sys.path.remove(str(directory))
        for name in [name for name in sys.modules if name.startswith("shop_deployed")]:
            del sys.modules[name]


def answers(directory: Path, files: dict[str, str], url: str, **options: Any) -> Any:
    """Return what a deploy answers, and how."""
    with deploy(directory, files, url, **options) as running:
        response = respond(running, QUERY)
        return json.loads(bytes(response.body))["data"], outcomes(response)


HIT = {"goods": "hit", "total": "hit", "code": "hit"}
GOODS = {"name": "cup", "kind": "RED", "doubled": 21}
CHANGES = {
    "constant": ("helpers.py", "FACTOR = 2", "FACTOR = 3", {"total": 9, "doubled": 31}),
    "helper": ("helpers.py", "value * FACTOR", "value + FACTOR", {"total": 5, "doubled": 13}),
    "default": ("views.py", "by: int = 3", "by: int = 4", {"total": 8}),
    "method": ("views.py", "return 1", "return 2", {"doubled": 22}),
    "scalar": ("helpers.py", '"<{value}>"', '"[{value}]"', {"code": "[x]"}),
    "enum": (
        "views.py",
        'RED = "r"\n    BLUE = "b"',
        'BLUE = "r"\n    RED = "b"',
        {"kind": "BLUE"},
    ),
}


@pytest.fixture
def shop(database: str, tmp_path: Path) -> str:
    """A database in which one deploy has answered."""
    at_once(run_sql(database, TABLES))
    first, _ = answers(tmp_path / "first", FILES, database)
    assert first == {"goods": [GOODS], "total": 6, "code": "<x>"}
    return database


@pytest.mark.parametrize("name", CHANGES)
def test_other_code_gets_no_old_answers(shop: str, tmp_path: Path, name: str) -> None:
    file, old, new, right = CHANGES[name]
    assert FILES[file].count(old) == 1
    files = {**FILES, file: FILES[file].replace(old, new)}
    body, _ = answers(tmp_path / "second", files, shop)
    goods = {**GOODS, **{key: right[key] for key in ("doubled", "kind") if key in right}}
    assert body == {
        "goods": [goods],
        "total": right.get("total", 6),  # type: ignore[attr-defined]
        "code": right.get("code", "<x>"),  # type: ignore[attr-defined]
    }


def test_the_same_code_in_another_folder_shares_the_answers(shop: str, tmp_path: Path) -> None:
    body, how = answers(tmp_path / "elsewhere", FILES, shop)
    assert how == HIT
    assert body["goods"] == [GOODS]


def test_another_code_version_gets_no_old_answers(shop: str, tmp_path: Path) -> None:
    _, how = answers(tmp_path / "setting", FILES, shop, code_version="2")
    assert set(how.values()) == {"miss"}
    views = FILES["views.py"].replace(
        "CACHED = fraiseql.Cache()", "CACHED = fraiseql.Cache(code_version='2')"
    )
    _, how = answers(tmp_path / "declared", {**FILES, "views.py": views}, shop)
    assert how["goods"] == "miss"
