"""Mistakes in the fields of a class: hints, embeds and computed fields."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pytest

import fraiseql
from tests.unit.schema.mistakes import (
    Mistakes,
    Plain,
    Undeclared,
    User,
    check,
    with_field,
    with_query,
    with_types,
)

mistake = Mistakes()


@mistake("Thing.wrong", "set[int]", "Write list[int]")
def unknown_hint() -> None:
    with_field(set[int])


@mistake("Thing.wrong", "tuple[str, int]", "Write list[str]")
def tuple_hint() -> None:
    with_field(tuple[str, int])


@mistake("Thing.wrong", "list is not a type", "list[str], list[User]")
def bare_list() -> None:
    with_field(list)


@mistake("Thing.wrong", "bytes", "Write int, float, str")
def bytes_hint() -> None:
    with_field(bytes)


@mistake("Thing.wrong", "Literal", "enum.Enum class decorated with @fraiseql.enum")
def literal_hint() -> None:
    with_field(Literal["a"])


@mistake("Thing.wrong", "Plain", "Decorate class Plain with @fraiseql.type")
def undeclared_class() -> None:
    with_field(list[Plain])


@mistake("Thing.wrong", "Undeclared", "Decorate class Undeclared with @fraiseql.enum")
def undeclared_enum() -> None:
    with_field(Undeclared | None)


@mistake("Thing.wrong", "None is not a type", "str | None")
def none_hint() -> None:
    with_field(None)


@mistake("Thing.wrong", "int | str is a union without a name", "fraiseql.union('intOrstr'")
def union_of_scalars() -> None:
    with_field(int | str)


@mistake(
    "Query pets", "User | Thing is a union", "UserOrThing = fraiseql.union('UserOrThing', [User"
)
def union_without_a_name() -> None:
    @fraiseql.type
    class Thing:
        id: int

    def pets() -> list[User | Thing]:
        return []

    with_query(pets)


@mistake("Thing.wrong", "Where", "fraiseql.Where[User]")
def bare_where() -> None:
    with_field(fraiseql.Where)


@mistake("Thing.wrong", "names 'Usr'", "Did you mean 'User'?", "create_app(types=[…])")
def unresolved_forward_reference() -> None:
    body = {"__annotations__": {"wrong": "list[Usr]", "user": User}, "__module__": __name__}
    thing = fraiseql.type(type("Thing", (), body))
    with_types(User, thing)


@mistake("Thing.wrong", "'list[' is not a type hint", "Write a type")
def hint_with_a_syntax_error() -> None:
    with_field("list[")


@mistake("Thing.wrong has no type hint", "wrong: str = fraiseql.field(…)")
def missing_hint_on_a_field() -> None:
    @fraiseql.type
    class Thing:
        id: int
        wrong = fraiseql.field(description="no hint")


@mistake("Thing.wrong has no type hint")
def missing_hint_on_an_embed() -> None:
    @fraiseql.type
    class Thing:
        id: int
        wrong = fraiseql.embed("users", on="thing_id")


@mistake("Thing cannot be made a dataclass", "mutable default", "default_factory=list")
def mutable_default() -> None:
    @fraiseql.type
    class Thing:
        wrong: list[int] = []  # noqa: RUF012 - the mistake


@mistake("Thing.first_name and Thing.firstName", "'firstName'", 'fraiseql.field(name="…")')
def two_fields_with_one_name() -> None:
    @fraiseql.type
    class Thing:
        firstName: str  # noqa: N815 - the mistake
        first_name: str

    with_types(Thing)


@mistake("Thing.wrong", "'__wrong'", "GraphQL's own", 'name="…"')
def reserved_field_name() -> None:
    with_field(str, fraiseql.field(name="__wrong"))


@mistake("Thing.wrong", "'né'", "letters, digits")
def field_name_that_graphql_cannot_write() -> None:
    with_field(str, fraiseql.field(name="né"))


@mistake("fraiseql.embed('posts')", "neither on nor via", "on=", "via=")
def embed_without_on_or_via() -> None:
    fraiseql.embed("posts")


@mistake("fraiseql.embed('posts')", "both on and via")
def embed_with_on_and_via() -> None:
    fraiseql.embed("posts", on="user_id", via="post_id")


@mistake("fraiseql.embed('posts')", "max_items=0", "1 or more")
def embed_max_items_of_none() -> None:
    fraiseql.embed("posts", on="user_id", max_items=0)


@mistake("fraiseql.embed('posts')", "both limit and max_items", "write one of them")
def embed_with_two_bounds() -> None:
    fraiseql.embed("posts", on="user_id", limit=2, max_items=3)


@mistake("fraiseql.embed('posts')", "limit=0", "1 or more")
def embed_with_limit_zero() -> None:
    fraiseql.embed("posts", on="user_id", limit=0)


@mistake("fraiseql.embed('posts')", "via and order_by", "Leave out order_by")
def embed_of_one_with_an_order() -> None:
    fraiseql.embed("posts", via="post_id", order_by="id")


@mistake("Thing.wrong embeds a list (on=)", "User | None", "Write list[User]")
def embedded_list_with_the_hint_of_an_object() -> None:
    with_field(User | None, fraiseql.embed("users", on="thing_id"))


@mistake("Thing.wrong embeds one object (via=)", "but its hint is list[", "Write User | None")
def embedded_object_with_the_hint_of_a_list() -> None:
    with_field(list[User], fraiseql.embed("users", via="user_id"))


@mistake("Thing.wrong embeds int, which is not an object type", "@fraiseql.type")
def embedded_scalars() -> None:
    with_field(list[int], fraiseql.embed("users", on="thing_id"))


@mistake("Period.users is an embed, but Period is an input")
def embed_in_an_input() -> None:
    @fraiseql.input
    class Period:
        users: list[int] = fraiseql.embed("users", on="id")


@mistake("Period.label is a computed field, but Period is an input")
def computed_field_in_an_input() -> None:
    @fraiseql.input
    class Period:
        year: int

        @fraiseql.field
        def label(self) -> str:
            return ""


@mistake("Thing.wrong has no return type hint", "-> int")
def computed_field_without_return_hint() -> None:
    @fraiseql.type
    class Thing:
        @fraiseql.field
        def wrong(self):
            return 1


@mistake("Thing.wrong has no parameter for the object", "def wrong(self, info, …)")
def computed_field_without_parent() -> None:
    @fraiseql.type
    class Thing:
        @fraiseql.field
        def wrong(info: fraiseql.Info) -> int:  # noqa: N805 - the mistake
            return 1


@mistake("Thing.wrong takes all parents at once (batch=True), but returns int", "-> list[int]")
def batch_without_a_list() -> None:
    @fraiseql.type
    class Thing:
        id: int

        @fraiseql.field(batch=True)
        def wrong(self) -> int:
            return 1

    with_types(Thing)


@mistake("Thing.wrong needs 'nam'", "Did you mean 'name'?", "Stored fields: name")
def computed_field_that_needs_an_unknown_one() -> None:
    @fraiseql.type
    class Thing:
        name: str

        @fraiseql.field(needs=["nam"])
        def wrong(self) -> int:
            return 1

    with_types(Thing)


@mistake("fraiseql.field has no such option", "nam", "Options: name")
def unknown_option_of_a_field() -> None:
    fraiseql.field(nam="x")  # type: ignore[call-overload]


@mistake("on holds 5, which is not a name", 'on=["first", "second"]')
def embed_on_a_number() -> None:
    fraiseql.embed("posts", on=5)  # type: ignore[arg-type]


@mistake("Thing.wrong: Row is not a type", "Decorate class Row with @fraiseql.type")
def plain_dataclass() -> None:
    @dataclass
    class Row:
        id: int

    with_field(Row)


@pytest.mark.parametrize(("case", "said"), mistake.cases)
def test_a_mistake_says_what_to_write(case: Callable[[], Any], said: tuple[str, ...]) -> None:
    check(case, said)


def test_a_field_of_an_interface_is_not_hidden_in_one_type_alone() -> None:
    @fraiseql.interface
    class Animal:
        name: str

    @fraiseql.type
    class Cat(Animal):
        name: str = fraiseql.field(requires=bool, hide=True)

    @fraiseql.query
    def animal() -> Animal | None:
        return None

    with pytest.raises(fraiseql.DeclarationError, match=r"Cat\.name is hidden") as caught:
        fraiseql.build_schema([Cat], [animal])
    assert "hide=True in Animal" in str(caught.value)
