"""Operations on the staff: random selections, filters, orders and arguments."""

from typing import Any

from graphql import GraphQLSchema
from hypothesis import strategies as st

from .operations import Operation
from .shop_operations import _ShopWriter

_FILTERS = (
    "",
    "id: {gt: 1}",
    "salary: {gt: 10}",
    "salary: {eq: $pay}",
    "name: {eq: $name}",
    "not: {salary: {lt: 20}}",
    'or: [{id: {eq: 1}}, {name: {eq: "name 1"}}]',
    "and: [{id: {lt: 5}}, {not: {or: [{salary: {gt: 30}}]}}]",
)
_RELATED = (
    'tasks: {some: {title: {eq: "task 4"}}}',
    "tasks: {every: {id: {gt: 2}}}",
    'or: [{city: {name: {eq: "Oslo"}}}, {id: {eq: 2}}]',
)
_ORDERS = (
    "",
    "{salary: DESC_NULLS_LAST}, {id: ASC_NULLS_FIRST}",
    "{id: DESC}",
    "{salary: ASC}, {id: ASC}",
    "{name: DESC}, {id: DESC}",
)

_CURSORS = ("cursor", "startCursor", "endCursor")
"""Fields whose values the oracle does not know."""

_PARTS = ("edges", "node", "nodes", "pageInfo", "hasNextPage", "hasPreviousPage")
_COUNTS = ("totalCount", "totalCountKind")
_PLAIN = ("id", "name", "salary", "label", "pay", "city", "tasks", "title", "bonus", "liveMembers")


class _StaffWriter(_ShopWriter):
    """Root fields and computed fields have their arguments."""

    def arguments(self, name: str) -> str:  # noqa: PLR0911 - one for each kind of field
        draw, chosen = self.draw, st.sampled_from
        if name.endswith("One"):
            return draw(chosen(["(id: 1)", "(id: 2)", "(id: 99)"]))
        if name.endswith("Named"):
            return draw(chosen(['(name: "name 1")', "(name: $name)"]))
        if name.endswith("Objects"):
            return draw(chosen(["", "(limit: 2)"]))
        if name == "times":
            return draw(chosen(["", "(factor: 3)"]))
        if name in (*_PLAIN, *_PARTS, *_COUNTS, *_CURSORS):
            return ""
        if name.endswith("Pages"):
            size = draw(chosen(["", ", first: 2", ", first: 0", ", last: 3", ", last: 9"]))
            return f"{self.compared(name)[:-1]}{size})"
        return self.compared(name)

    def field(self, type_: Any, depth: int) -> str:
        text = super().field(type_, depth)
        name = text.partition(": ")[2].partition(" ")[0]
        return "__typename" if name in _CURSORS else text

    def compared(self, name: str) -> str:
        filters = _FILTERS if name.startswith("column") else (*_FILTERS, *_RELATED)
        where, order = self.draw(st.sampled_from(filters)), self.draw(st.sampled_from(_ORDERS))
        parts = [f"where: {{{where}}}"] if where else []
        if not where and self.draw(st.integers(0, 3)) == 0:
            parts = ["where: $where"]
        parts += [f"orderBy: [{order or '{id: ASC}'}]"]
        if not name.endswith("Rows") and self.draw(st.integers(0, 3)) == 0:
            parts += ["salary: $pay"]
        return f"({', '.join(parts)})"


@st.composite
def staff_operations(draw: Any, schema: GraphQLSchema) -> Operation:
    """Operations with one or two root fields of one way to store the type."""
    writer = _StaffWriter(schema, draw)
    assert schema.query_type is not None
    type_ = draw(st.sampled_from([*schema.query_type.fields]))
    way = next(way for way in ("live", "column", "projection", "view") if type_.startswith(way))
    names = [name for name in schema.query_type.fields if name.startswith(way)]
    roots = [_root(writer, draw(st.sampled_from(names))) for _ in range(draw(st.integers(1, 2)))]
    head = (
        f'query Q($pay: Int! = 20, $name: String! = "name 2", $where: Staff{way.title()}Where,'
        " $yes: Boolean! = true, $no: Boolean! = false)"
    )
    use = (
        f"... @include(if: $no) @skip(if: $yes) {{ unused: {way}Plain(salary: $pay, where: $where,"
    )
    use += " orderBy: {id: ASC}) { id }"
    use += f" one: {way}PlainNamed(name: $name) {{ id }} }}"
    text = f"{head} {{ {' '.join(roots)} {use} }} {' '.join(writer.fragments)}"
    variables: dict[str, Any] = {}
    wheres = [{"salary": {"gt": 10}}, {"id": {"gt": 2}}, {"not": {"name": {"eq": "name 0"}}}, None]
    if draw(st.booleans()):
        variables["where"] = draw(st.sampled_from(wheres))
    return Operation(text, variables)


def _root(writer: _StaffWriter, name: str) -> str:
    """Return a root field; its selection is not deep, since the staff is not."""
    inner: Any = writer.schema.query_type.fields[name].type  # type: ignore[union-attr]
    while hasattr(inner, "of_type"):
        inner = inner.of_type
    writer.aliases += 1
    text = f"a{writer.aliases}: {name}{writer.arguments(name)}"
    return f"{text} {writer.selection(inner, 1)}"
