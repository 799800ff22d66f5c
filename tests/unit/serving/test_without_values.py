"""Documents without the values that they contain."""

import pytest
from graphql import parse

from fraiseql.serving.document.without_values import without_values


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("{ a }", "{ a }"),
        (
            "query A($n: Int = -12) {\n  a1(n: $n, x: 1.5e3)\n}",
            "query A($n: Int = 0) { a1(n: $n, x: 0) }",
        ),
        ('{ a(s: "x\\"y # 7", t: "")\n# "theirs"\nb }', '{ a(s: "", t: "") b }'),
        ('{ a(s: """one "two" \\""" three""") }', '{ a(s: "") }'),
        (
            '{ a(in: [1, 22], w: {eq: "z"}, e: RED, f: true) }',
            '{ a(in: [0, 0], w: {eq: ""}, e: RED, f: true) }',
        ),
    ],
)
def test_literals_are_replaced_and_the_text_stays_a_document(document: str, text: str) -> None:
    assert without_values(document) == text
    parse(without_values(document))
