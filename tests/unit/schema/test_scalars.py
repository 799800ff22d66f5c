"""Scalars: values from clients, for resolvers and in responses."""

import enum
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, NewType
from uuid import UUID

import graphql
import pytest
from graphql import GraphQLError
from graphql.utilities import coerce_input_literal

import fraiseql
from fraiseql.schema import leaf_form
from fraiseql.schema.leaves import JSON, LEAVES
from fraiseql.values import ExactFloat

UUID_TEXT = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
Code = NewType("Code", str)

ACCEPTED = [
    (datetime, "2024-05-01T12:00:00Z", datetime(2024, 5, 1, 12, tzinfo=UTC)),
    (datetime, "2024-05-01T12:00:00", datetime(2024, 5, 1, 12, tzinfo=UTC)),
    (
        datetime,
        "2024-05-01T12:00:00.123456+02:00",
        datetime(2024, 5, 1, 12, 0, 0, 123456, timezone(timedelta(hours=2))),
    ),
    (date, "2024-02-29", date(2024, 2, 29)),
    (time, "12:30:01.5", time(12, 30, 1, 500000)),
    (UUID, UUID_TEXT, UUID(UUID_TEXT)),
    (Decimal, "12.50", Decimal("12.50")),
    (Decimal, 3, Decimal(3)),
    (Decimal, 0.1, Decimal("0.1")),
    (Decimal, ExactFloat("1e-400"), Decimal("1e-400")),
    (fraiseql.BigInt, 9007199254740993, 9007199254740993),
    (fraiseql.BigInt, "-12345678901234567890", -12345678901234567890),
    (fraiseql.BigInt, 4.0, 4),
    (fraiseql.ID, 4, "4"),
]

REFUSED = [
    (datetime, "yesterday", "ISO 8601, like 2024-05-01T12:00:00Z"),
    (datetime, 1714564800, "ISO 8601"),
    (date, "2023-02-29", "like 2024-05-01"),
    (date, None, "Date cannot represent value: None"),
    (time, "25:00", "like 12:30:00"),
    (UUID, "6ba7b810", "32 hexadecimal digits"),
    (UUID, 5, "32 hexadecimal digits"),
    (Decimal, True, "a number"),
    (Decimal, "1,5", "a number"),
    (Decimal, "NaN", "a finite number"),
    (Decimal, "Infinity", "a finite number"),
    (Decimal, "1e999999999", "131072 digits"),
    (Decimal, "1e-20000", "16383 decimals"),
    (Decimal, "1e99999999999999999999", "a number"),
    (Decimal, ExactFloat("1e-99999999999999999999"), "1e-99999999999999999999"),
    (Decimal, [], "a number"),
    (fraiseql.BigInt, 1.5, "an integer"),
    (fraiseql.BigInt, 1e300, "an integer"),
    (fraiseql.BigInt, True, "an integer"),
    (fraiseql.BigInt, "१२", "an integer"),
    (fraiseql.BigInt, "1" * 5000, "an integer"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), ACCEPTED)
def test_values_are_read(kind: Any, value: Any, expected: Any) -> None:
    parsed = LEAVES[kind].coerce_input_value(value)
    assert parsed == expected
    assert type(parsed) is type(expected)


def test_an_instant_without_offset_is_utc() -> None:
    assert LEAVES[datetime].coerce_input_value("2024-05-01T12:00").tzinfo is UTC


@pytest.mark.parametrize(("kind", "value", "said"), REFUSED)
def test_other_values_are_refused_with_what_to_write(kind: Any, value: Any, said: str) -> None:
    with pytest.raises(GraphQLError) as caught:
        LEAVES[kind].coerce_input_value(value)
    assert said in caught.value.message
    assert LEAVES[kind].name in caught.value.message
    assert len(caught.value.message) < 250, "a long value is cut"


@pytest.mark.parametrize(
    ("kind", "literal", "expected"),
    [
        (datetime, '"2024-05-01T12:00:00Z"', datetime(2024, 5, 1, 12, tzinfo=UTC)),
        (Decimal, "1.234567890123456789012345", Decimal("1.234567890123456789012345")),
        (Decimal, '"-0.10"', Decimal("-0.10")),
        (fraiseql.BigInt, "12345678901234567890", 12345678901234567890),
        (UUID, f'"{UUID_TEXT}"', UUID(UUID_TEXT)),
        (dict, '{a: [1, "x", {b: null}], c: RED}', {"a": [1, "x", {"b": None}], "c": "RED"}),
    ],
)
def test_literals_are_read_with_all_digits(kind: Any, literal: str, expected: Any) -> None:
    parsed = coerce_input_literal(graphql.parse_const_value(literal), LEAVES[kind])
    assert parsed == expected
    assert str(parsed) == str(expected)


@pytest.mark.parametrize(
    ("kind", "literal"),
    [(datetime, "2024"), (UUID, "{a: 1}"), (Decimal, "true"), (Decimal, "[1]"), (time, "NOW")],
)
def test_other_literals_are_refused(kind: Any, literal: str) -> None:
    node = graphql.parse_const_value(literal)
    assert coerce_input_literal(node, LEAVES[kind]) is graphql.Undefined
    read = LEAVES[kind].coerce_input_literal
    assert read is not None
    with pytest.raises(GraphQLError, match="cannot represent value"):
        read(node)


def test_variables_stand_inside_of_json() -> None:
    @fraiseql.query
    def keep(value: dict[str, Any], at: datetime | None = None) -> dict[str, Any]:
        return value

    schema = fraiseql.build_schema(queries=[keep]).graphql
    field = schema.query_type.fields["keep"]  # type: ignore[union-attr]
    seen: dict[str, Any] = {}
    field.resolve = lambda _root, _info, **values: seen.update(values) or values["value"]
    result = graphql.graphql_sync(
        schema,
        'query ($x: JSON, $at: DateTime) { keep(value: {a: [$x], b: "c"}, at: $at) }',
        variable_values={"x": {"deep": [1]}, "at": "2024-05-01T00:00:00"},
    )
    assert result.errors is None
    assert seen == {
        "value": {"a": [{"deep": [1]}], "b": "c"},
        "at": datetime(2024, 5, 1, tzinfo=UTC),
    }


def test_a_bad_variable_is_an_error_that_says_why() -> None:
    @fraiseql.query
    def at(value: datetime) -> bool:
        return True

    schema = fraiseql.build_schema(queries=[at]).graphql
    result = graphql.graphql_sync(
        schema, "query ($v: DateTime!) { at(value: $v) }", variable_values={"v": "soon"}
    )
    assert result.errors is not None
    assert "Write ISO 8601" in result.errors[0].message


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (int, "Int"),
        (float, "Float"),
        (str, "String"),
        (bool, "Boolean"),
        (fraiseql.ID, "ID"),
        (fraiseql.BigInt, "integer"),
        (Decimal, "number"),
        (UUID, "string"),
        (datetime, "string"),
        (date, "string"),
        (time, "string"),
        (dict, "any"),
        (Any, "any"),
    ],
)
def test_forms(kind: Any, form: str) -> None:
    assert leaf_form(LEAVES[kind]) == form


def test_only_scalars_have_a_form() -> None:
    with pytest.raises(TypeError, match="not a scalar"):
        leaf_form(graphql.GraphQLObjectType("T", {}))


def test_responses_are_written_strictly() -> None:
    def written(kind: Any, value: Any) -> Any:
        return LEAVES[kind].coerce_output_value(value)

    assert written(datetime, datetime(2024, 5, 1, tzinfo=UTC)) == "2024-05-01T00:00:00+00:00"
    assert written(UUID, UUID(UUID_TEXT)) == UUID_TEXT
    assert written(date, "2024-05-01") == "2024-05-01"
    assert written(Decimal, "1.50") == Decimal("1.50")
    assert written(fraiseql.BigInt, "12") == 12
    assert written(dict, [1, {"a": None}]) == [1, {"a": None}]
    for kind, wrong in ((datetime, 5), (Decimal, "x"), (Decimal, True), (fraiseql.BigInt, 1.5)):
        with pytest.raises(GraphQLError):
            written(kind, wrong)


def schema_of(hint: Any) -> fraiseql.schema.Schema:
    def echo(value: Any) -> Any:
        return value

    echo.__annotations__ = {"value": hint, "return": hint}
    return fraiseql.build_schema(queries=[fraiseql.query(echo)])


@pytest.mark.parametrize(
    ("hint", "sdl"),
    [
        (int, "Int!"),
        (float | None, "Float"),
        (list[str], "[String!]!"),
        (list[bool | None] | None, "[Boolean]"),
        (list[list[int]], "[[Int!]!]!"),
        (dict, "JSON!"),
        (dict[str, int] | None, "JSON"),
        (Any, "JSON!"),
        (list[dict[str, Any]], "[JSON!]!"),
        (Annotated[Decimal, "Money."], "Decimal!"),
        (Code, "String!"),
        ("list[Code]", "[String!]!"),
        (list["Code | None"], "[String]!"),
    ],
)
def test_hints_become_types(hint: Any, sdl: str) -> None:
    query = schema_of(hint).graphql.query_type
    assert query is not None
    assert str(query.fields["echo"].type) == sdl
    assert str(query.fields["echo"].args["value"].type) == sdl


def test_a_scalar_of_ones_own_as_a_hint() -> None:
    def parse(value: str) -> str:
        if "@" not in value:
            raise ValueError("there is no @")
        return value.lower()

    email = fraiseql.scalar(
        "Email", str, parse=parse, serialize=str.upper, specified_by_url="https://example.com"
    )
    schema = schema_of(list[email | None])
    kind = schema.graphql.type_map["Email"]
    assert isinstance(kind, graphql.GraphQLScalarType)
    assert leaf_form(kind) == "string"
    assert kind.coerce_input_value("A@b") == "a@b"
    assert coerce_input_literal(graphql.parse_const_value('"A@b"'), kind) == "a@b"
    assert kind.coerce_output_value("a@b") == "A@B"
    for wrong, said in (("x", "there is no @"), (5, "form 'string'")):
        with pytest.raises(GraphQLError, match=said):
            kind.coerce_input_value(wrong)
    assert schema.scalars["Email"].python_class is str
    assert schema.classes == {}


def test_the_form_that_type_checkers_understand() -> None:
    email = Annotated[str, fraiseql.scalar("Email", form="string")]
    assert str(schema_of(email | None).graphql.query_type.fields["echo"].type) == "Email"  # type: ignore[union-attr]


def test_a_scalar_class() -> None:
    @fraiseql.scalar
    class Version(str):
        """A version."""

        __slots__ = ()

    @fraiseql.scalar(name="Cents", serialize=int)
    class Money(int):
        pass

    assert Version("1") == "1"
    schema = schema_of(Version)
    kind = schema.graphql.type_map["Version"]
    assert isinstance(kind, graphql.GraphQLScalarType)
    assert type(kind.coerce_input_value("1")) is Version
    assert (leaf_form(kind), kind.description) == ("string", "A version.")
    assert schema.classes == {Version: "Version"}
    cents = schema_of(Money).graphql.type_map["Cents"]
    assert leaf_form(cents) == "integer"
    with pytest.raises(GraphQLError, match="form 'integer'"):
        cents.coerce_input_value(True)  # type: ignore[attr-defined]


def test_enums_show_names_and_hold_values() -> None:
    @fraiseql.enum
    class Colour(enum.Enum):
        RED = "red"
        ROSE = "red"  # noqa: PIE796 - an alias
        ONE = 1

    kind = schema_of(Colour).graphql.type_map["Colour"]
    assert isinstance(kind, graphql.GraphQLEnumType)
    assert list(kind.values) == ["RED", "ONE"]
    assert kind.coerce_input_value("RED") is Colour.RED
    assert [kind.coerce_output_value(v) for v in (Colour.RED, "red", 1)] == ["RED", "RED", "ONE"]
    with pytest.raises(GraphQLError, match="cannot represent value: 'blue'"):
        kind.coerce_output_value("blue")


def test_json_is_one_type_in_every_schema() -> None:
    assert schema_of(dict).graphql.type_map["JSON"] is JSON
