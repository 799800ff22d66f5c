"""Operations on the zoo: random valid documents with aliases, fragments and directives."""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)
from hypothesis import strategies as st

MOST_DEPTH = 4

_BONES = [
    *[""] * 6,
    "(limit: 2)",
    "(limit: $one)",
    "(offset: 1)",
    "(limit: 0)",
    "(limit: 4)",
    "(offset: -1)",
    "(where: {weight: {gt: 1}})",
    "(where: {id: {gte: $one}}, orderBy: [{id: ASC}])",
    '(where: {not: {label: {in: ["a", "c"]}}}, limit: 1)',
    "(orderBy: [{label: DESC_NULLS_LAST}, {weight: ASC}], limit: 2, offset: $one)",
    "(where: {or: []})",
]
"""Arguments of an embedded list; two of them are out of range."""


@dataclass
class Operation:
    """A document and its variables."""

    text: str
    variables: dict[str, Any]


@dataclass
class _Writer:
    schema: GraphQLSchema
    draw: Any
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def selection(self, type_: Any, depth: int) -> str:
        parts = [self.part(type_, depth) for _ in range(self.draw(st.integers(1, 4)))]
        return "{ " + " ".join(parts) + " }"

    def part(self, type_: Any, depth: int) -> str:
        # The smallest draw is a plain field, so that shrinking ends.
        choice = self.draw(st.integers(0, 11)) if depth <= MOST_DEPTH else 0
        if choice == 11 or not hasattr(type_, "fields"):
            return self.inline(type_, depth)
        if choice == 10:
            return self.named(type_, depth)
        return "__typename" if choice == 9 else self.field(type_, depth)

    def inline(self, type_: Any, depth: int) -> str:
        on = self.condition(type_)
        return f"... on {on.name}{self.directive()} {self.selection(on, depth + 1)}"

    def named(self, type_: Any, depth: int) -> str:
        on = self.condition(type_)
        body = self.selection(on, depth + 1)
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {on.name} {body}")
        return f"...{name}{self.directive()}"

    def condition(self, type_: Any) -> Any:
        if is_abstract_type(type_):
            return self.draw(st.sampled_from([*self.schema.get_possible_types(type_)]))
        return type_

    def field(self, type_: Any, depth: int) -> str:
        names = [
            name
            for name, item in type_.fields.items()
            if depth < MOST_DEPTH or not is_composite_type(get_named_type(item.type))
        ]
        name = self.draw(st.sampled_from(names))
        each = type_.fields[name]
        self.aliases += 1
        # Unique aliases: two fields of one key would have to be equal.
        text = f"a{self.aliases}: {name}{self.arguments(name)}{self.directive()}"
        inner = get_named_type(each.type)
        return f"{text} {self.selection(inner, depth + 1)}" if is_composite_type(inner) else text

    def arguments(self, name: str) -> str:
        if name in ("item", "itemByPython"):
            return self.draw(st.sampled_from(["(id: 1)", "(id: $one)", "(id: 99)"]))
        if name == "scores":
            return self.draw(st.sampled_from(["", "(times: 3)", "(times: $one)"]))
        if name == "bones":
            return self.draw(st.sampled_from(_BONES))
        return ""

    def directive(self) -> str:
        return self.draw(
            st.sampled_from(
                ["", "", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: $no)"]
            )
        )


@st.composite
def operations(draw: Any, schema: GraphQLSchema) -> Operation:
    """Operations with one to three root fields."""
    writer = _Writer(schema, draw)
    root = schema.query_type
    assert isinstance(root, GraphQLObjectType)
    roots = [writer.field(root, 0) for _ in range(draw(st.integers(1, 3)))]
    head = "query Q($one: Int! = 1, $yes: Boolean! = true, $no: Boolean!)"
    # Every variable must be used somewhere.
    use = "... @include(if: $no) { u1: item(id: $one) { id } u2: items @skip(if: $yes) { id } }"
    text = f"{head} {{ {' '.join(roots)} {use} }} {' '.join(writer.fragments)}"
    variables = {"no": draw(st.booleans())}
    if draw(st.booleans()):
        variables["yes"] = draw(st.booleans())
    return Operation(text, variables)
