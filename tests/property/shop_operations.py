"""Operations on the shop: random selections, filters, orders and limits."""

from typing import Any

from graphql import GraphQLSchema, get_named_type, is_composite_type
from hypothesis import strategies as st

from .operations import Operation, _Writer

_FILTERS = [
    "",
    "id: {gt: 1}",
    "id: {in: [1, 3, 4]}",
    "not: {id: {eq: $one}}",
    "name: {neq: $name}",
    'name: {contains: "e"}',
    "score: {gte: 0}",
    "rating: {isNull: false}",
    "or: [{vip: {eq: true}}, {id: {lte: $one}}]",
    "how: {eq: SO_SO}",
    'born: {gt: "1990-01-01T00:00:00Z"}',
]
_RELATED = [
    "posts: {some: {price: {gt: 2}}}",
    "posts: {every: {title: {neq: $name}}, some: {}}",
    "posts: {none: {remarks: {some: {stars: {gte: $one}}}}}",
    'or: [{country: {name: {contains: "a"}}}, {posts: {some: {weight: {isNull: true}}}}]',
    "country: null",
    "not: {country: {area: {gte: 1}}}",
]
"""Filters of rows behind embeds, which generated columns do not have."""

_ORDERS = [
    "",
    "{id: DESC}",
    "{name: ASC}",
    "{rating: DESC}",
    "{vip: ASC}, {id: DESC}",
    "{score: ASC}",
    "{born: DESC}",
]


_NESTED = {
    "posts": [
        "(limit: 2)",
        "(limit: $one)",
        "(limit: 4, offset: 1)",
        "(where: {price: {gt: 2}}, limit: 3)",
        "(orderBy: [{at: ASC}], limit: $one)",
        "(where: {remarks: {some: {stars: {gte: $one}}}})",
        "(offset: $one)",
    ],
    "remarks": [
        "(limit: 1)",
        "(limit: $one)",
        "(orderBy: [{stars: ASC}])",
        '(where: {body: {contains: "e"}, stars: {isNull: false}})',
    ],
}
"""Arguments of embedded lists, by the field; a variable may be out of range."""


class _ShopWriter(_Writer):
    """Root fields have their arguments; no fragments on other types are there."""

    def arguments(self, name: str) -> str:
        if name == "authors":
            offset = ", offset: 1" if self.draw(st.booleans()) else ""
            return f"{self.listed()[:-1]}{offset})"
        if name == "catalogue":
            sizes = ["", "first", "last"]
            size = self.draw(st.sampled_from(sizes))
            return self.listed().replace("limit: ", f"{size}: ") if size else ""
        if name == "totalCount":
            return self.draw(st.sampled_from(["", "(mode: CAPPED, cap: 2)"]))
        if name in ("author", "byPython"):
            return self.draw(st.sampled_from(["(id: 1)", "(id: $one)", "(id: 99)"]))
        if name in _NESTED:
            return self.draw(st.sampled_from(["", "", *_NESTED[name]]))
        return "(name: $name)" if name == "named" else ""

    def listed(self) -> str:
        inputs: Any = self.schema.type_map["AuthorWhere"]
        related = _RELATED if "posts" in inputs.fields else []
        where = self.draw(st.sampled_from([*_FILTERS, *related]))
        order = self.draw(st.sampled_from(_ORDERS))
        parts = [f"limit: {self.draw(st.integers(0, 6))}"]
        parts += [f"where: {{{where}}}"] if where else []
        parts += [f"orderBy: [{order}]"] if order else []
        return f"({', '.join(parts)})"

    def field(self, type_: Any, depth: int) -> str:
        name = self.draw(st.sampled_from([*type_.fields]))
        inner = get_named_type(type_.fields[name].type)
        self.aliases += 1
        text = f"a{self.aliases}: {name}{self.arguments(name)}{self.directive()}"
        return f"{text} {self.selection(inner, depth + 1)}" if is_composite_type(inner) else text


@st.composite
def shop_operations(draw: Any, schema: GraphQLSchema) -> Operation:
    """Operations with one or two root fields."""
    writer = _ShopWriter(schema, draw)
    roots = [writer.field(schema.query_type, 0) for _ in range(draw(st.integers(1, 2)))]
    head = 'query Q($one: Int! = 1, $name: String! = "", $yes: Boolean! = true, $no: Boolean!)'
    # Every variable must be used somewhere.
    use = "... @include(if: $no) { u1: author(id: $one) { id } u2: named(name: $name) { id } }"
    skip = "u3: authors(limit: 1) @skip(if: $yes) { id }"
    text = f"{head} {{ {' '.join(roots)} {use} {skip} }} {' '.join(writer.fragments)}"
    variables: dict[str, Any] = {"no": draw(st.booleans()), "one": draw(st.integers(0, 5))}
    if draw(st.booleans()):
        variables["name"] = draw(st.sampled_from(["", "Ä", "x"]))
    return Operation(text, variables)
