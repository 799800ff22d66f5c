"""Places of wrong values in variables, in the errors of an operation."""

from typing import Any

import pytest
from graphql import build_schema, parse
from graphql.execution.values import get_variable_values
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode

from fraiseql.serving.document.variable_places import with_places

SCHEMA = build_schema("""
input Book { title: String!, pages: Int, parts: [Book!] }
type Query { add(book: Book, books: [Book!], number: Int): Int, self: Query }
""")


def places(text: str, values: dict[str, Any]) -> list[dict[str, Any] | None]:
    """Return the extensions of the errors."""
    document = parse(text)
    (operation,) = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    errors = get_variable_values(SCHEMA, operation.variable_definitions or (), values)
    assert isinstance(errors, list)
    placed = with_places(errors, operation, fragments)
    assert [error.message for error in placed] == [error.message for error in errors]
    return [error.extensions for error in placed]


def test_each_wrong_value_has_its_place_in_the_variable_and_in_the_argument() -> None:
    text = "query ($many: [Book!]) { add(books: $many) }"
    wrong = [{"title": "a"}, {"title": "b", "parts": [{"title": 1}, {"pages": "x"}]}, {"oops": 1}]
    first = ["many", 1, "parts"]
    assert places(text, {"many": wrong}) == [
        {"variable": [*path], "input": ["books", *path[1:]]}
        for path in (
            [*first, 0, "title"],
            [*first, 1],
            [*first, 1, "pages"],
            ["many", 2],
            ["many", 2],
        )
    ]


@pytest.mark.parametrize(
    ("use", "argument"),
    [
        ("add(number: $v)", ["number"]),
        ('add(book: {title: "t", pages: $v})', ["book", "pages"]),
        ('add(books: [{title: "t"}, {title: "u", pages: $v}])', ["books", 1, "pages"]),
        ("self { ...F }", ["number"]),
    ],
)
def test_the_place_in_the_argument_leads_through_the_operation(
    use: str, argument: list[Any]
) -> None:
    fragment = " fragment F on Query { add(number: $v) }" if "...F" in use else ""
    extensions = places(f"query ($v: Int) {{ {use} }}{fragment}", {"v": "x"})
    assert extensions == [{"variable": ["v"], "input": argument}]


def test_a_variable_of_two_arguments_has_no_single_place_in_the_input() -> None:
    text = 'query ($v: Int!) { add(number: $v) other: add(book: {title: "t", pages: $v}) }'
    assert places(text, {}) == [{"variable": ["v"]}]
