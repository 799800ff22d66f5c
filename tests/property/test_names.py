"""Names of our own SQL are never taken for columns of the same names, in whatever strategy."""

import re
from pathlib import Path

import pytest

import fraiseql
from tests.integration.flights import at_once, run_sql

from .names_stage import STRATEGIES, Stage, labels_of, words_of

# A view over a table has all its columns, and the document beside them: this is refused by name.
REFUSED = {"view": {"data"}}
CACHE = fraiseql.Cache()
_STATEMENT = re.compile(r"LOG: +(?:statement|execute [^:]*): ((?:.|\n\t)*)")


@pytest.fixture(scope="module")
def texts(database: str, server_log: Path) -> list[str]:
    """Every statement that the framework sends for tables with columns of no such names."""
    name = database.rpartition("/")[2].partition("?")[0]
    at_once(run_sql(database, f"ALTER DATABASE {name} SET log_statement = 'all'"))
    start = server_log.stat().st_size
    for stored in STRATEGIES.values():
        Stage(database, (), "int").run(stored)
    Stage(database, (), "int").run(None, CACHE)
    at_once(run_sql(database, f"ALTER DATABASE {name} RESET log_statement"))
    with server_log.open("rb") as file:
        file.seek(start)
        found = _STATEMENT.findall(file.read().decode())
    assert len(found) > 100
    return found


@pytest.mark.parametrize("kind", ["int", "pair"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_columns_are_called_as_our_names_are(
    database: str, texts: list[str], strategy: str, kind: str
) -> None:
    names = words_of(texts)
    assert {"r", "x", "q", "t0", "t1", "r1", "v"} <= set(names)
    Stage(database, [n for n in names if n not in REFUSED.get(strategy, ())], kind).run(
        STRATEGIES[strategy]
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_fields_are_called_as_our_names_are(database: str, texts: list[str], strategy: str) -> None:
    labels = [name for name in labels_of(texts) if name not in REFUSED.get(strategy, ())]
    for start in range(0, len(labels), 60):
        some = labels[start : start + 60]
        Stage(database, some, "int", declared=some).run(STRATEGIES[strategy])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_keys_are_called_as_our_names_are(database: str, texts: list[str], strategy: str) -> None:
    refused = {"data", "body"} | REFUSED.get(strategy, set())
    names = [name for name in labels_of(texts) if name not in refused]
    for start in range(0, len(names), 25):
        some = names[start : start + 25]
        Stage(database, some, "int DEFAULT 0", keyed=True).run(STRATEGIES[strategy])


def test_relations_are_called_as_our_names_are(database: str, texts: list[str]) -> None:
    labels = [name for name in labels_of(texts) if name not in {"box", "item", "shelf"}]
    stage = Stage(database, (), "int")
    stage.tables_more = "".join(f'CREATE TABLE "{name}" (id int);' for name in labels)
    stage.where = " AND ".join(f'NOT EXISTS (SELECT FROM "{name}")' for name in labels)
    stage.run(None)


@pytest.mark.parametrize("kind", ["int", "pair"])
def test_results_are_kept_beside_columns_of_our_names(
    database: str, texts: list[str], kind: str
) -> None:
    Stage(database, words_of(texts), kind).run(None, CACHE)
