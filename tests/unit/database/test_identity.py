"""Identities: valid roles and session variables, and equality."""

import pytest

from fraiseql.database import Identity
from fraiseql.database.connection import _changes
from fraiseql.errors import InputError


def test_none_is_one_value() -> None:
    assert Identity.of(None, {}) is Identity.NONE
    assert Identity() == Identity.NONE
    assert Identity.NONE.role is None
    assert Identity.NONE.variables == ()


def test_order_does_not_matter() -> None:
    first = Identity.of("r", {"app.b": "2", "app.a": "1"})
    second = Identity.of("r", {"app.a": "1", "app.b": "2"})
    assert first == second
    assert hash(first) == hash(second)
    assert first != Identity.of("r", {"app.a": "1"})


@pytest.mark.parametrize(
    "name",
    ["tenant", "", ".", "app.", ".tenant", "app tenant.x", "app.x-y", "role", "a.b;c", "a.1"],
)
def test_names_that_cannot_be_session_variables(name: str) -> None:
    with pytest.raises(InputError, match="cannot be a session variable") as error:
        Identity.of(None, {name: "1"})
    assert "app.tenant" in error.value.hint


@pytest.mark.parametrize("name", ["app.tenant", "App.Tenant_1", "a.b.c", "_a._b$"])
def test_names_that_can(name: str) -> None:
    assert Identity.of(None, {name: "1"}).variables == ((name, "1"),)


@pytest.mark.parametrize(
    ("role", "variables"),
    [
        ("", {}),
        ("a\0b", {}),
        (None, {"app.a": "x\0"}),
        (None, {"app.a": 1}),
        (None, {"app.a": None}),
        (7, {}),
        (None, {"app.a": "1", "APP.A": "2"}),
    ],
)
def test_values_that_cannot_be_set(role: str | None, variables: dict[str, str]) -> None:
    with pytest.raises(InputError):
        Identity.of(role, variables)


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        (Identity.NONE, Identity("r"), ["role", "r"]),
        (Identity("r"), Identity("s"), ["role", "s"]),
        (Identity("r"), Identity.NONE, ["role", None]),
        (
            Identity("r", (("a.x", "1"), ("a.y", "2"))),
            Identity("r", (("a.y", "3"), ("a.z", "4"))),
            ["a.x", None, "a.y", "3", "a.z", "4"],
        ),
    ],
)
def test_changes_between_identities(
    before: Identity, after: Identity, pairs: list[str | None]
) -> None:
    assert _changes(before, after) == pairs
