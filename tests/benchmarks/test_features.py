"""The features in PostGraphile's words."""

from graphql import OperationDefinitionNode, parse

from benchmarks.data import Size
from benchmarks.features.operations import operations
from benchmarks.features.postgraphile import TEXTS, cursor_query, unwrapped

MISSING = {"Aggregates", "UpdateMany"}


def test_each_feature_has_an_operation_of_the_same_name_and_variable() -> None:
    measured = {each.name: each for each in operations(Size(2_000))}
    assert measured.keys() - TEXTS.keys() == MISSING
    for name, text in TEXTS.items():
        (definition,) = parse(text).definitions
        assert isinstance(definition, OperationDefinitionNode)
        assert definition.name is not None
        variables = [each.variable.name.value for each in definition.variable_definitions or ()]
        assert (definition.name.value, variables) == (name, [measured[name].variable])
    parse(cursor_query(19_980))


def test_an_answer_is_compared_without_the_objects_around_lists_and_rows() -> None:
    answer = {
        "users": {"nodes": [{"id": 1, "popular": {"nodes": []}}]},
        "total": {"nodes": [], "n": 1},
    }
    assert unwrapped(answer) == {
        "users": [{"id": 1, "popular": []}],
        "total": {"nodes": [], "n": 1},
    }
