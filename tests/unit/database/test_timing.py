"""Bytes of documents that a statement returned."""

import pytest

from fraiseql.database import timing


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([], 0),
        ([b"123"], 3),
        ([None], 0),
        ([b"1", b"22", b"333"], 6),
        ([b"1", None, b"333"], 4),
        ([None, b"22"], 2),
        ([1, 2], 0),
        (["ä", "b"], 0),
    ],
)
def test_only_bytes_of_the_first_column_count(documents: list[object], expected: int) -> None:
    rows = [(document, b"another column") for document in documents]
    assert timing._size_of(rows) == expected  # type: ignore[arg-type]
