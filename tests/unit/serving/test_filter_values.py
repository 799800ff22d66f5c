"""Coercion of filters is equal to graphql-core's."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from graphql import Undefined, parse_type, type_from_ast
from graphql.utilities.coerce_input_value import coerce_input_value
from hypothesis import given
from hypothesis import strategies as st

import fraiseql
from fraiseql.serving.document.filter_values import filter_coercer


@fraiseql.enum
class Kind(Enum):
    A = "a"
    B = "b"


@fraiseql.type(sql_source="doc")
class Doc:
    id: int
    kind: Kind
    is_null: bool | None
    title: str | None
    price: Decimal | None
    ratio: float | None
    made_on: date | None


SCHEMA = fraiseql.build_schema(queries=[fraiseql.find("docs", Doc)]).graphql
WHERE, FILTER = SCHEMA.type_map["DocWhere"], SCHEMA.type_map["IntFilter"]

scalars = st.sampled_from(
    [None, 1, 2.5, 2.0, True, "a", "A", "B", "C", "2024-01-01", "1.5", 1 << 40, "", [], {}]
)
operands = scalars | st.lists(scalars, max_size=3)
operators = st.sampled_from([*FILTER.fields, "contains", "like", "no"])  # type: ignore[attr-defined]
comparisons = st.dictionaries(operators, operands, max_size=3) | scalars
names = st.sampled_from([name for name in WHERE.fields if name not in ("and", "or", "not")])  # type: ignore[attr-defined]
wheres = st.recursive(
    st.dictionaries(names | st.just("no"), comparisons, max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["and", "or", "not", "id", "kind"]),
        inner | st.lists(inner | scalars, max_size=3) | scalars,
        max_size=3,
    ),
    max_leaves=5,
)
right = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.fixed_dictionaries({}, optional={"eq": st.just("A"), "in": st.just(["B"])}),
        "id": st.fixed_dictionaries({}, optional={"in": st.just([1]), "isNull": st.booleans()}),
        "and": st.lists(st.just({"title": {"eq": "x"}}), max_size=2),
        "not": st.just({"isNull": {"eq": True}, "madeOn": {"lt": "2024-01-01"}}),
        "or": st.just({"ratio": None, "price": {"gte": 2}}),
    },
)


@pytest.mark.parametrize(
    "name", ["DocWhere", "[DocWhere!]!", "[DocWhere]", "IntFilter", "KindFilter"]
)
@given(value=wheres | comparisons | st.lists(wheres | scalars, max_size=3) | right)
def test_a_value_is_what_graphql_core_makes_of_it(name: str, value: Any) -> None:
    type_: Any = type_from_ast(SCHEMA, parse_type(name))
    if value is None:
        return
    ours, theirs = filter_coercer(type_)(value), coerce_input_value(value, type_)
    assert ours is Undefined or (ours == theirs and repr(ours) == repr(theirs))


@given(value=right)
def test_usual_filters_are_not_left_to_graphql_core(value: Any) -> None:
    ours = filter_coercer(WHERE)(value)
    assert ours is not Undefined
    assert list(ours) == list(coerce_input_value(value, WHERE))
