"""Names of our own SQL are never taken for columns of the same names, in whatever strategy."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

import fraiseql
from tests.integration.flights import at_once, run_sql

from .unusual_names import LETTERS, STRATEGIES, Stage, labels_of, words_of

# A view over a table has all its columns, and the document beside them: this is refused by name.
REFUSED = {"view": {"data"}}
CACHE = fraiseql.Cache()
TAKES = {"key": 30, "fields": 90}
"""How many columns a key may have in PostgreSQL, and arguments a function, with some to spare."""
_STATEMENT = re.compile(r"LOG: +(?:statement|execute [^:]*): ((?:.|\n\t)*)")


# A statement that names none of these reads the catalog alone, where no name of ours can be.
_OURS = re.compile("shelf|box|item|fraiseql")
_GENERATED = re.compile("[0-9a-f]{10}|[0-9]{3,}")


@pytest.fixture(scope="module")
def texts(database: str, server_log: Path) -> dict[str, list[str]]:
    """Statements that the framework sends for tables with columns of no such names.

    By strategy. What several send is the first one's: whether a name in it is taken for a column
    does not depend on what else is sent.
    """
    name = database.rpartition("/")[2].partition("?")[0]
    at_once(run_sql(database, f"ALTER DATABASE {name} SET log_statement = 'all'"))
    answered, seen = dict[str, list[str]](), set[str]()
    for strategy, stored in {**STRATEGIES, "cache": None}.items():
        start = server_log.stat().st_size
        Stage(database, (), "int").run(stored, CACHE if strategy == "cache" else None)
        with server_log.open("rb") as file:
            file.seek(start)
            sent = _STATEMENT.findall(file.read().decode())
        forms = {_GENERATED.sub("", text): text for text in sent if _OURS.search(text)}
        answered[strategy] = [text for form, text in forms.items() if form not in seen]
        if not seen:
            # Every letter is an alias once, also one that no statement has.
            answered[strategy].append(" ".join(f"{letter}.x" for letter in LETTERS))
        seen |= set(forms)
    at_once(run_sql(database, f"ALTER DATABASE {name} RESET log_statement"))
    assert all(answered.values())
    assert {"r", "x", "q", "t0", "t1", "r1", "v"} <= set(words_of(chain(*answered.values())))
    return answered


@pytest.mark.parametrize("kind", ["int", "pair"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_columns_are_called_as_our_names_are(
    database: str, texts: dict[str, list[str]], strategy: str, kind: str
) -> None:
    names = set(words_of(texts[strategy])) - REFUSED.get(strategy, set())
    Stage(database, sorted(names), kind).run(STRATEGIES[strategy])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_fields_are_called_as_our_names_are(
    database: str, texts: dict[str, list[str]], strategy: str
) -> None:
    labels = set(labels_of(texts[strategy])) - REFUSED.get(strategy, set())
    for some in batched(labels, TAKES["fields"]):
        Stage(database, some, "int", declared=some).run(STRATEGIES[strategy])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_keys_are_called_as_our_names_are(
    database: str, texts: dict[str, list[str]], strategy: str
) -> None:
    names = set(labels_of(texts[strategy])) - {"data", "body"} - REFUSED.get(strategy, set())
    for some in batched(names, TAKES["key"]):
        Stage(database, some, "int DEFAULT 0", keyed=True).run(STRATEGIES[strategy])


def test_relations_are_called_as_our_names_are(database: str, texts: dict[str, list[str]]) -> None:
    labels = sorted(set(labels_of(chain(*texts.values()))) - {"box", "item", "shelf"})
    stage = Stage(database, (), "int")
    stage.tables_more = "".join(f'CREATE TABLE "{name}" (id int);' for name in labels)
    stage.where = " AND ".join(f'NOT EXISTS (SELECT FROM "{name}")' for name in labels)
    stage.run(None)


@pytest.mark.parametrize("kind", ["int", "pair"])
def test_results_are_cached_despite_columns_of_our_names(
    database: str, texts: dict[str, list[str]], kind: str
) -> None:
    Stage(database, words_of([*texts["live"], *texts["cache"]]), kind).run(None, CACHE)


def batched(names: set[str], size: int) -> Iterator[list[str]]:
    """Yield names in sorted lists of at most ``size``."""
    ordered = sorted(names)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
