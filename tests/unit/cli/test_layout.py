"""Layout changes only the white space of statements."""

import re

import pytest

from fraiseql.cli.layout import lay_out


def test_clauses_and_sub_selects_have_lines_of_their_own() -> None:
    sql = "SELECT a, (SELECT max(b) FROM c WHERE d = 1) FROM e ORDER BY a LIMIT $1"
    assert lay_out(sql) == (
        "SELECT a, (\n  SELECT max(b)\n  FROM c\n  WHERE d = 1)\nFROM e\nORDER BY a\nLIMIT $1"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ' FROM (SELECT WHERE' AS \"x FROM y\"",
        "SELECT 'it''s FROM' FROM t",
        "SELECT extract(epoch FROM at) FROM t",
        "SELECT (SELECT a FROM b WHERE c IS DISTINCT FROM d)",
        "SELECT (1 + (2)) FROM t WHERE (a AND (b))",
        "SELECT ')' FROM (SELECT 1) AS r",
    ],
)
def test_texts_names_and_functions_stay_as_they_are(sql: str) -> None:
    text = lay_out(sql)
    assert re.sub(r"\s+", " ", text).replace("( SELECT", "(SELECT") == sql
    for part in re.findall(r"'[^']*'|\"[^\"]*\"|\w+\(.*? FROM at\)", sql):
        assert part in text
