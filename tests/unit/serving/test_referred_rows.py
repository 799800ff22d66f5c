"""Whether a foreign key refuses a reference, or the end of the row that it refers to."""

from types import SimpleNamespace

import pytest

from fraiseql.serving.execution.violations import is_referred


@pytest.mark.parametrize(
    ("detail", "columns", "referred"),
    [
        ('Key (id)=(1) is still referenced from table "pet".', ["owner_id"], True),
        ('Key (a, "B b")=(1, 2) is still referenced from table "pet".', ["a", "B b"], True),
        ("Auf Schlüssel (id)=(1) wird noch aus Tabelle »pet« verwiesen.", ["owner_id"], True),
        ('Key (owner_id)=(9) is not present in table "owner".', ["owner_id"], False),
        ('Key (a, "B b")=(1, )=(2) is not present in table "owner".', ["a", "B b"], False),
        ("Schlüssel (owner_id)=(9) ist nicht in Tabelle »owner« vorhanden.", ["owner_id"], False),
        (None, ["owner_id"], False),
        ("Schlüssel (owner_id)=(9) ist nicht in Tabelle »owner« vorhanden.", [], False),
    ],
)
def test_the_detail_of_the_error_tells_which(
    detail: str | None, columns: list[str], referred: bool
) -> None:
    cause = SimpleNamespace(sqlstate="23503", detail=detail)
    assert is_referred(cause, columns) is referred


def test_a_restricted_row_is_referred_to() -> None:
    assert is_referred(SimpleNamespace(sqlstate="23001", detail=None), [])
