"""Mistakes in types: their names, enums, interfaces, unions and scalars."""

import enum
from collections.abc import Callable
from typing import Annotated, Any

import pytest

import fraiseql
from tests.unit.schema.mistakes import (
    Mistakes,
    Node,
    Period,
    Plain,
    Undeclared,
    User,
    check,
    with_field,
    with_query,
    with_types,
)

mistake = Mistakes()


@mistake("Thing has no fields", "id: int")
def no_fields() -> None:
    @fraiseql.type
    class Thing:
        pass

    with_types(Thing)


@mistake("'Query'", "the root type", '@fraiseql.type(name="…")')
def type_named_as_the_root() -> None:
    @fraiseql.type
    class Query:
        id: int

    with_types(Query)


@mistake("'String'", "a built-in scalar")
def type_named_as_a_scalar() -> None:
    named = fraiseql.type(name="String")(type("Thing", (), {"__annotations__": {"id": int}}))
    with_types(named)


@mistake("tests.unit.schema.test_mistakes_in_types.", "both have the GraphQL name 'User'", "name=")
def two_types_with_one_name() -> None:
    @fraiseql.type(name="User")
    class Other:
        id: int

    with_types(Other)


@mistake("the generated input of User", "'UserWhere'")
def type_named_as_a_generated_input() -> None:
    @fraiseql.input
    class UserWhere:
        id: int

    with_types(UserWhere)


@mistake("a generated input", "'StringFilter'")
def type_named_as_a_generated_filter() -> None:
    @fraiseql.type
    class StringFilter:
        id: int

    with_types(StringFilter)


@mistake("@fraiseql.type on Thing", "sql_sauce")
def unknown_option_of_a_type() -> None:
    fraiseql.type(sql_sauce="x")(type("Thing", (), {}))  # type: ignore[call-overload]


@mistake("@fraiseql.type decorates", "which is not a class")
def type_on_a_function() -> None:
    fraiseql.type(lambda: 1)  # type: ignore[call-overload]


@mistake("Undeclared is an enum", "@fraiseql.enum")
def type_on_an_enum() -> None:
    fraiseql.type(Undeclared)


@mistake("Plain, which is not an enum with members", "class Plain(enum.Enum)")
def enum_on_a_class() -> None:
    fraiseql.enum(Plain)  # type: ignore[type-var]


@mistake("Size.BIG has value (1, 2)", "string or number")
def enum_value_that_no_document_holds() -> None:
    @fraiseql.enum
    class Size(enum.Enum):
        BIG = (1, 2)

    with_types(Size)


@mistake("Answer.true cannot be an enum member", "upper case")
def enum_member_with_a_reserved_name() -> None:
    @fraiseql.enum
    class Answer(enum.Enum):
        true = 1

    with_types(Answer)


@mistake("Thing.wrong is Period, which is an input")
def input_as_a_field() -> None:
    with_field(Period)


@mistake("Period.user is User, which is for output only")
def output_type_in_an_input() -> None:
    @fraiseql.input(name="Other")
    class Period:
        user: User

    with_types(Period)


@mistake("Union Pet has member int, which is not an object type")
def union_member_that_is_no_object() -> None:
    def pet() -> Annotated[User | int, fraiseql.union("Pet")] | None:
        return None

    with_query(pet)


@mistake("Union Pet has member Node, which is not an object type")
def union_member_that_is_an_interface() -> None:
    pet = fraiseql.union("Pet", [User, Node])
    with_types(pet)


@mistake("Union Pet has member 'User', which is not a class", 'fraiseql.union("Pet", [First')
def union_member_that_is_a_name() -> None:
    fraiseql.union("Pet", ["User"])  # type: ignore[list-item]


@mistake("Interface Node has no types", "give it in types=[…]")
def interface_without_types() -> None:
    def node() -> Node | None:
        return None

    with_query(node)


@mistake("Thing.id is str, but interface Node promises int", "Write id: int")
def interface_field_of_another_type() -> None:
    @fraiseql.type
    class Thing(Node):
        id: str  # type: ignore[assignment]

    with_types(Thing)


@mistake("Thing.id is not called 'id', as interface Node promises")
def interface_field_that_is_missing() -> None:
    @fraiseql.type
    class Thing(Node):
        id: int = fraiseql.field(name="number")

    with_types(Thing)


@mistake("both have the tag 'thing'", "interface Node", '@fraiseql.type(tag="…")')
def two_types_with_one_tag() -> None:
    @fraiseql.type(tag="thing")
    class Thing(Node):
        pass

    @fraiseql.type(tag="thing")
    class Other(Node):
        pass

    with_types(Thing, Other)


@mistake("Scalar Email has form 'text'", "Write one of string")
def scalar_with_an_unknown_form() -> None:
    fraiseql.scalar("Email", str, form="text")


@mistake("types has Plain, which is not declared", "@fraiseql.type")
def type_that_is_not_declared() -> None:
    with_types(Plain)


@mistake("Input Object Loop", "Loop.next")
def input_that_needs_itself() -> None:
    @fraiseql.input
    class Loop:
        next: "Loop"

    with_types(Loop)


@pytest.mark.parametrize(("case", "said"), mistake.cases)
def test_a_mistake_says_what_to_write(case: Callable[[], Any], said: tuple[str, ...]) -> None:
    check(case, said)
