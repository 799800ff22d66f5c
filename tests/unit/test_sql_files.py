"""SQL files: every statement has a name and a purpose, and reaches PostgreSQL as it is written."""

from dataclasses import replace
from pathlib import Path

import pytest

import fraiseql
from fraiseql.caching.changes.log import log_objects
from fraiseql.sql_files import parse_sql

PACKAGE = Path(fraiseql.__file__).parent
FILES = [
    path
    for path in sorted(PACKAGE.rglob("*.sql"))
    if (module := path.with_suffix(".py")).exists() and "load_sql" in module.read_text()
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_statement_has_a_name_a_purpose_and_an_end(path: Path) -> None:
    source = path.read_text()
    statements = parse_sql(source)
    assert source.startswith("-- ")
    assert source.count(";\n\n-- ") == len(statements) - 1
    assert all(
        statement.purpose.endswith(".") and statement.text for statement in statements.values()
    )


def test_a_function_is_private_described_and_has_a_search_path() -> None:
    function = log_objects()[1]
    create, revoke, comment = function.create
    assert " SET search_path = pg_catalog, pg_temp AS $fraiseql$" in create
    assert revoke == f"REVOKE ALL ON FUNCTION {function.name} FROM PUBLIC"
    assert comment.startswith(f"COMMENT ON FUNCTION {function.name} IS 'Log that")
    assert replace(function, create=(create, revoke)).digest == function.digest
