"""Input objects, their defaults, and the generated filters and orders."""

import enum
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import graphql
import pytest
from graphql.utilities import coerce_input_literal, coerce_input_value

import fraiseql


@fraiseql.enum
class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


Email = fraiseql.scalar("Email", str)
Blob = fraiseql.scalar("Blob", list)


@fraiseql.type(sql_source="users")
class User:
    id: int
    first_name: str | None
    active: bool
    colour: Colour
    email: Email  # type: ignore[valid-type]
    blob: Blob  # type: ignore[valid-type]
    balance: Decimal
    born: date | None
    uid: UUID
    extra: dict[str, Any]
    tags: list[str]
    friends: list["User"] = fraiseql.embed("friends", on="user_id")

    @fraiseql.field
    def greeting(self) -> str:
        return "hello"


@fraiseql.type
class Single:
    id: int
    user: "Single | None" = fraiseql.embed("users", via="user_id")


@fraiseql.input
class Range:
    low: Decimal = Decimal("0.50")
    high: Decimal | None = None


@fraiseql.input
class Period:
    year: int
    first_month: int | None = None
    colours: list[Colour] = fraiseql.field(default_factory=lambda: [Colour.RED])
    within: Range = fraiseql.field(default_factory=lambda: Range(low=Decimal(1)))
    note: str = "a\nb"
    since: date = date(2024, 1, 1)


@fraiseql.query
def count(period: Period, extra: dict[str, Any] = {"a": [1]}) -> int:  # noqa: B006
    return period.year


SCHEMA = fraiseql.build_schema(queries=[count, fraiseql.find("users", User)])
TYPES = SCHEMA.graphql.type_map


TEXT = (
    "eq neq distinctFrom notDistinctFrom gt gte lt lte in notIn like ilike contains icontains"
    " startsWith endsWith isNull"
)


def read(name: str, literal: str) -> Any:
    kind: Any = graphql.type_from_ast(SCHEMA.graphql, graphql.parse_type(name))
    return coerce_input_literal(graphql.parse_const_value(literal), kind)


def test_inputs_are_instances_with_defaults_applied() -> None:
    period = read("Period", "{year: 2013}")
    assert period == Period(
        year=2013, within=Range(low=Decimal(1), high=None), colours=[Colour.RED]
    )
    assert isinstance(period.within, Range)
    again = read("Period", '{year: 1, firstMonth: 2, colours: [BLUE], within: {high: "9.10"}}')
    assert (again.first_month, again.colours) == (2, [Colour.BLUE])
    assert again.within == Range(low=Decimal("0.50"), high=Decimal("9.10"))


def test_variables_give_the_same_instances() -> None:
    kind: Any = TYPES["Period"]
    assert coerce_input_value({"year": 2013}, kind) == read("Period", "{year: 2013}")
    assert coerce_input_value({"firstMonth": 2}, kind) is graphql.Undefined


def test_a_made_default_is_not_shared_between_requests() -> None:
    read("Period", "{year: 1}").colours.append(Colour.BLUE)
    assert read("Period", "{year: 1}").colours == [Colour.RED]


def test_defaults_are_printed() -> None:
    assert graphql.print_type(TYPES["Period"]) == (
        "input Period {\n"
        "  year: Int!\n"
        "  firstMonth: Int\n"
        "  colours: [Colour!]! = [RED]\n"
        "  within: Range! = { low: 1, high: null }\n"
        '  note: String! = "a\\nb"\n'
        '  since: Date! = "2024-01-01"\n'
        "}"
    )
    assert "low: Decimal! = 0.50" in graphql.print_type(TYPES["Range"])
    query = graphql.print_type(TYPES["Query"])
    assert "count(period: Period!, extra: JSON! = { a: [1] }): Int!" in query


def test_stored_scalars_enums_and_embeds_are_filtered_and_ordered() -> None:
    where: Any = TYPES["UserWhere"]
    comparable = ["id", "firstName", "active", "colour", "email", "balance", "born", "uid"]
    assert list(where.fields) == [*comparable, "tags", "extra", "friends", "and", "or", "not"]
    several: Any = TYPES["UserListFilter"]
    assert list(several.fields) == ["some", "every", "none"]
    order: Any = TYPES["UserOrderBy"]
    assert list(order.fields) == [*comparable, "friends"]


@pytest.mark.parametrize(
    ("name", "operators"),
    [
        ("IntFilter", "eq neq distinctFrom notDistinctFrom gt gte lt lte in notIn isNull"),
        ("DateFilter", "eq neq distinctFrom notDistinctFrom gt gte lt lte in notIn isNull"),
        ("UUIDFilter", "eq neq distinctFrom notDistinctFrom gt gte lt lte in notIn isNull"),
        ("BooleanFilter", "eq neq distinctFrom notDistinctFrom isNull"),
        ("ColourFilter", "eq neq distinctFrom notDistinctFrom in notIn isNull"),
        (
            "StringFilter",
            TEXT,
        ),
        (
            "EmailFilter",
            TEXT,
        ),
    ],
)
def test_operators_of_each_leaf(name: str, operators: str) -> None:
    kind: Any = TYPES[name]
    assert list(kind.fields) == operators.split()


def test_a_filter_comes_out_in_python_names_and_values() -> None:
    literal = """{
      firstName: {startsWith: "A", notIn: ["x"], isNull: false}
      colour: {in: [RED]}
      and: [{born: {lt: "2020-01-01"}}, {balance: {gte: 1.10}}]
      or: [{id: {eq: 1}}]
      not: {email: {icontains: "@x"}}
    }"""
    condition = read("UserWhere", literal)
    assert condition == {
        "first_name": {"starts_with": "A", "not_in": ["x"], "is_null": False},
        "colour": {"in": [Colour.RED]},
        "and": [{"born": {"lt": date(2020, 1, 1)}}, {"balance": {"gte": Decimal("1.10")}}],
        "or": [{"id": {"eq": 1}}],
        "not": {"email": {"icontains": "@x"}},
    }
    assert type(condition) is dict


def test_an_order_comes_out_as_signed_names() -> None:
    assert read("[UserOrderBy!]", "[{firstName: DESC}, {id: ASC}]") == ["-first_name", "id"]
    assert read("[UserOrderBy!]", "{id: DESC}") == ["-id"]


def test_one_item_of_an_order_names_one_field() -> None:
    text = "{ users(orderBy: [{id: ASC, firstName: DESC}]) { id } }"
    errors = graphql.validate(SCHEMA.graphql, graphql.parse(text))
    assert len(errors) == 1
    assert "exactly one" in errors[0].message.lower()


def test_filters_exist_for_types_of_lists_only() -> None:
    @fraiseql.query
    def period() -> Single | None:
        return None

    names = set(fraiseql.build_schema(queries=[period]).graphql.type_map)
    assert not [name for name in names if name.endswith(("Where", "OrderBy", "Filter"))]
    assert "OrderDirection" not in names


def test_a_type_may_be_called_order() -> None:
    @fraiseql.type(sql_source="orders")
    class Order:
        id: int

    printed = graphql.print_schema(
        fraiseql.build_schema(queries=[fraiseql.find("orders", Order)]).graphql
    )
    assert "type Order {" in printed
    assert "input OrderOrderBy" in printed
    assert "enum OrderDirection {" in printed


@pytest.mark.parametrize(
    ("hint", "default"),
    [(Annotated[int, fraiseql.Requires(bool)], 1), (int, fraiseql.field(requires=bool))],
)
def test_a_field_of_an_input_has_no_requirement(hint: Any, default: Any) -> None:
    """Its value is not part of a plan's key."""

    def declared() -> Any:
        class_ = type("Period", (), {"__annotations__": {"year": hint}, "year": default})
        period = fraiseql.input(class_)

        @fraiseql.query
        def days(period: period) -> int:  # type: ignore[valid-type]
            return 0

        return fraiseql.build_schema(queries=[days])

    with pytest.raises(fraiseql.DeclarationError, match="input") as caught:
        declared()
    assert "Requires" in str(caught.value)
