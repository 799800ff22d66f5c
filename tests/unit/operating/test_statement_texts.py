"""Statements of others on the ops page and in findings, without texts that may be secrets."""

import pytest

from fraiseql.operating.doctor.statement_texts import without_texts


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("SELECT  a\n FROM t WHERE b = $1 AND c = $2", "SELECT a FROM t WHERE b = $1 AND c = $2"),
        ("ALTER ROLE me PASSWORD 'it''s S3CRET'", "ALTER ROLE me PASSWORD '…'"),
        (r"ALTER ROLE me PASSWORD E'it\'s S3CRET'", "ALTER ROLE me PASSWORD '…'"),
        ("/* it's */ ALTER ROLE me PASSWORD 'S3CRET' -- S3CRET", "ALTER ROLE me PASSWORD '…'"),
        ("ALTER ROLE \"o'b\" PASSWORD 'S3CRET'", "ALTER ROLE \"o'b\" PASSWORD '…'"),
        ("DO $a$ BEGIN PERFORM 'S3CRET' $$; END $a$; SELECT $1", "DO '…'; SELECT $1"),
        ("SET x = 'S3CRET", "SET x = '…'"),
    ],
)
def test_texts_and_comments_are_left_out(sql: str, shown: str) -> None:
    assert without_texts(sql) == shown
