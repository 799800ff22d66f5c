"""Declarations and register of the tests of mistakes."""

import enum
from collections.abc import Callable
from typing import Any

import pytest

import fraiseql
from fraiseql.schema import build_schema


class Mistakes:
    """Cases of one file: functions with parts of their errors."""

    def __init__(self) -> None:
        self.cases: list[Any] = []

    def __call__(self, *said: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
        def register(case: Callable[[], Any]) -> Callable[[], Any]:
            self.cases.append(pytest.param(case, said, id=case.__name__))
            return case

        return register


def check(case: Callable[[], Any], said: tuple[str, ...]) -> None:
    """Run a case: its error names the place and what to write instead."""
    with pytest.raises(fraiseql.DeclarationError) as caught:
        case()
    text = str(caught.value)
    assert [part for part in said if part not in text] == [], text
    assert caught.value.code == "BAD_DECLARATION"


@fraiseql.type(sql_source="users")
class User:
    id: int
    name: str
    tags: list[str]
    extra: dict[str, Any]


@fraiseql.input
class Period:
    year: int


@fraiseql.interface
class Node:
    id: int


class Plain:
    pass


class Undeclared(enum.Enum):
    RED = 1


def with_field(hint: Any, value: Any = ...) -> None:
    """Build a schema with a class ``Thing`` that has one more field of this hint."""
    body: dict[str, Any] = {"__annotations__": {"id": int, "wrong": hint}, "__module__": __name__}
    if value is not ...:
        body["wrong"] = value
    thing = fraiseql.type(sql_source="things")(type("Thing", (), body))
    build_schema(queries=[fraiseql.find("things", thing)])


def with_query(function: Any) -> None:
    """Build a schema with one resolver."""
    build_schema(queries=[fraiseql.query(function)])


def with_types(*types: Any) -> None:
    """Build a schema that is correct except for these types."""
    build_schema(types=types, queries=[fraiseql.find("users", User)])
