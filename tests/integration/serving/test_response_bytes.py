"""Limits on the bytes of a response while reading and rendering."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import fraiseql
from fraiseql.repositories import Repository
from tests.integration.serving.served import Served, served

KILOBYTE, MEGABYTE = 1_000, 1_000_000
MOST = 5 * MEGABYTE
TABLES = f"""
CREATE TABLE page (id int PRIMARY KEY, text text NOT NULL);
-- Not compressed, and read from where PostgreSQL keeps long values.
ALTER TABLE page ALTER COLUMN text SET STORAGE EXTERNAL;
INSERT INTO page SELECT n, repeat('x', {MEGABYTE}) FROM generate_series(1, 60) n;
"""


@fraiseql.type(sql_source="page")
class Page:
    id: int
    text: str


@fraiseql.query
def long_text(megabytes: int) -> str | None:
    return "y" * (megabytes * MEGABYTE)


@fraiseql.query
async def by_repository(info: fraiseql.Info) -> list[Page]:
    return await Repository(info.context["db"], info.context).find("page")


QUERIES = [
    fraiseql.find("pages", Page, order_by="id"),
    fraiseql.find("cached_pages", Page, order_by="id", cache=fraiseql.Cache(ttl="60s")),
    long_text,
    by_repository,
]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES, max_response_bytes=MOST) as running:
        yield running


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize("field", ["pages", "cachedPages", "byRepository"])
def test_a_statement_is_cut_where_its_rows_are_too_large(bench: Served, field: str) -> None:
    before = resident_bytes()
    error = bench.error(f"{{ {field} {{ text }} }}")
    assert error["extensions"]["code"] == "RESPONSE_TOO_LARGE"
    assert error["message"] == f"The answer has more than {MOST} bytes."
    # The rows have 60 MB: they were not taken into memory.
    assert resident_bytes() - before < 25 * MEGABYTE
    assert len(bench.data("{ pages(limit: 3) { text } }")["pages"]) == 3


def test_root_fields_share_the_bound(bench: Served) -> None:
    two = "{ a: pages(limit: 3) { text } b: pages(limit: 3, offset: 3) { text } }"
    answer = bench.ask(two)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"RESPONSE_TOO_LARGE"}


def test_what_is_rendered_is_bounded_too(bench: Served) -> None:
    aliases = " ".join(f"t{n}: text" for n in range(20))
    error = bench.error(f"{{ pages(limit: 1) {{ {aliases} }} }}")
    assert error["extensions"]["code"] == "RESPONSE_TOO_LARGE"
    assert bench.error("{ longText(megabytes: 6) }")["extensions"]["code"] == "RESPONSE_TOO_LARGE"
    assert len(bench.data("{ longText(megabytes: 4) }")["longText"]) == 4 * MEGABYTE


def test_a_statement_of_ones_own_is_not_bounded(bench: Served) -> None:
    db = bench.service.context()["db"]
    rows = bench.run(db.fetch("SELECT text FROM page LIMIT 10"))
    assert sum(len(row["text"]) for row in rows) == 10 * MEGABYTE
