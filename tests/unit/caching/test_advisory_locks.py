"""Advisory locks: every number is unique, and those in SQL files are in the list."""

import re
from pathlib import Path

import fraiseql
from fraiseql.caching import advisory_locks as locks

NUMBERS = [locks.APPLY, locks.BUILDING, locks.FILLING, *locks.STORE_INSERTS.values()]
NUMBERS += [locks.STATISTICS, locks.TUNING]


def test_numbers_are_unique() -> None:
    assert len(set(NUMBERS)) == len(NUMBERS)


def test_numbers_in_sql_files_are_listed() -> None:
    files = Path(fraiseql.__file__).parent.rglob("*.sql")
    used = {
        int(digits)
        for path in files
        for digits in re.findall(r"\b47113100\d\d\b", path.read_text())
    }
    assert locks.STATISTICS in used
    assert used <= set(NUMBERS)
