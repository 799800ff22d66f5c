"""Rules that a document can break, against all of graphql-core's."""

import pytest
from graphql import (
    GraphQLSchema,
    KnownDirectivesRule,
    NoSchemaIntrospectionCustomRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    VariablesInAllowedPositionRule,
    build_schema,
    parse,
    specified_rules,
    validate,
)

from fraiseql.serving.document.rules import AllowedVariablesRule, breakable_rules

RULES = [rule for rule in specified_rules if "Stream" not in rule.__name__]
SCHEMA = """
interface Named { name: String }
type Dog implements Named { name: String, age(in: Int!): Int, owner: Person }
type Person implements Named { name: String, dogs(where: Where, first: Int): [Dog!] }
input Where { name: String, age: Int }
type Query { me: Person, pets: [Named], dog(id: ID!): Dog }
"""
DOCUMENTS = """
{ me { name } }
{ me { nam name { x } dogs } }
query A { me { name } } query A { me { name } }
{ me { name } } query B { me { name } }
query ($a: Int, $a: Int, $b: Where) { me { dogs(first: $a, where: $c) { name } } }
query ($a: String) { me { dogs(first: $a) { name } } }
query ($a: Person) { me { name } }
query ($a: Missing) { me { name } }
{ me { ...F } }
{ me { ...F } } fragment F on Person { name ...F }
{ me { name } } fragment F on Person { name } fragment F on Dog { name }
{ me { ... on Dog { name } ... on Where { name } } }
{ me @skip { name @unknown } }
{ me { name @skip(if: true) @skip(if: false) } }
{ dog { age name: age(in: "x", in: 2, out: 3) } }
{ dog(id: 1) { name name: age(in: 1) } }
{ me { dogs(where: {name: "...", name: "fragment", other: 1}) { name } } }
{ __schema { types { name } } me { a b c d e f g h } }
subscription { me { name } }
mutation { me { name } }
type Extra { a: Int } { me { name } }
{ pets { ... { ... { name @include(if: $x) } } ...G } } fragment G on Named { ... on Dog { age } }
""".strip().splitlines()


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA)


@pytest.mark.parametrize("text", DOCUMENTS)
@pytest.mark.parametrize("limit", [2, 20])
def test_a_document_has_the_errors_of_all_rules(
    schema: GraphQLSchema, text: str, limit: int
) -> None:
    document, more = parse(text), NoSchemaIntrospectionCustomRule
    expected = validate(schema, document, [*RULES, more], max_errors=limit)
    # Twice: the second time with the methods found by the first.
    for _ in range(2):
        errors = validate(schema, document, [breakable_rules(text, more)], max_errors=limit)
        assert [str(error) for error in errors] == [str(error) for error in expected]


def test_a_plain_document_is_visited_by_no_rule_about_what_it_does_not_have() -> None:
    rules = set(breakable_rules("{ me { name } }").rules)
    assert rules.isdisjoint({KnownDirectivesRule, NoUnusedFragmentsRule, NoUnusedVariablesRule})
    assert set(breakable_rules('{ a(b: $c, d: "fragment@subscription") }').rules) == {
        AllowedVariablesRule if rule is VariablesInAllowedPositionRule else rule for rule in RULES
    }


ONE_OF = """
input By @oneOf { id: Int, name: String }
input In { by: By, needed: By! }
type Query { open(by: By): Int, one(by: By!): Int, many(by: [By!]!): Int, deep(in: In): Int }
"""


@pytest.mark.parametrize(
    "use",
    [
        "open(by: {id: $v})",
        "one(by: {id: $v})",
        'many(by: [{name: "n"}, {id: $v}])',
        "many(by: {id: $v})",
        "deep(in: {by: {id: $v}, needed: {id: 1}})",
        "deep(in: {needed: {id: $v}})",
    ],
)
def test_a_variable_that_may_be_null_is_refused_in_a_one_of_input(use: str) -> None:
    def errors(type_: str) -> list[str]:
        document = parse(f"query ($v: {type_}) {{ {use} ...F }} fragment F on Query {{ {use} }}")
        checked = validate(build_schema(ONE_OF), document, [breakable_rules("...$")])
        return [error.message for error in checked]

    message = (
        "Variable '$v' is of type 'Int' but must be non-nullable to be used for OneOf Input "
        "Object 'By'."
    )
    # Once for each use, in the operation and in the fragment.
    assert errors("Int") == errors("Int = 1") == [message, message]
    assert errors("Int!") == errors("Int! = 1") == []


@pytest.mark.parametrize(
    "use", ["open(by: $v)", "one(by: $v)", "many(by: [$v])", "deep(in: {needed: $v})"]
)
def test_a_whole_one_of_input_may_be_a_variable_with_a_default(use: str) -> None:
    document = parse(f"query ($v: By = {{id: 1}}) {{ {use} ...F }} fragment F on Query {{ {use} }}")
    assert validate(build_schema(ONE_OF), document, [breakable_rules("...$")]) == []
