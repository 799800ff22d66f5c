"""Every position of a variable in an operation, with values to try."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from math import inf, nan
from typing import Any

import fraiseql

TABLES = """
CREATE TABLE doc (tenant int, id int, kind text, ok boolean, title text, price numeric, made date,
                  PRIMARY KEY (tenant, id));
INSERT INTO doc VALUES
  (1, 7, 'a', true, 'one', 1.5, '2024-01-01'), (2, 7, 'b', false, 'two', NULL, '2024-01-02'),
  (1, 1, 'a', NULL, NULL, 2.5, NULL), (1, 2, 'b', true, 'three', 2.5, '2024-01-02');
"""


@fraiseql.enum
class Kind(Enum):
    A = "a"
    B = "b"


@fraiseql.input
class Inner:
    n: int = 3
    kind: Kind = Kind.A
    tags: list[str] | None = None


@fraiseql.input
class Outer:
    required: int
    name: str | None = "unnamed"
    inner: Inner | None = None
    more: list[Inner] | None = None
    extra: Any | None = None


@fraiseql.type(sql_source="doc")
class Doc:
    tenant: int
    id: int
    kind: Kind
    ok: bool | None
    title: str | None
    price: Decimal | None
    made: date | None

    @fraiseql.field(needs=["id"])
    def times(self, by: int, plus: int = 1, kind: Kind | None = None) -> str:
        return shown(id=self.id, by=by, plus=plus, kind=kind)

    @fraiseql.field(needs=["id"], batch=True)
    @staticmethod
    def each(parents, info, by: int = 2, of: list[int] | None = None) -> list[str | None]:
        return [shown(id=parent.id, by=by, of=of) for parent in parents]


def shown(**arguments: Any) -> str:
    """Arguments of a function in words, with None distinct."""
    return repr(sorted(arguments.items()))


@fraiseql.query
def scalars(
    a: int,
    b: int = 5,
    c: int | None = None,
    d: str | None = "text",
    e: float | None = None,
) -> str:
    return shown(a=a, b=b, c=c, d=d, e=e)


@fraiseql.query
def flag(f: bool | None = None) -> str:
    return shown(f=f)


@fraiseql.query
def lists(
    a: list[int] | None = None,
    b: list[int | None] | None = None,
    c: list[list[int]] | None = None,
    kinds: list[Kind] | None = None,
) -> str | None:
    return shown(a=a, b=b, c=c, kinds=kinds)


@fraiseql.query
def inputs(
    outer: Outer | None = None, several: list[Outer] | None = None, extra: Any | None = None
) -> str | None:
    return shown(outer=outer, several=several, extra=extra)


@fraiseql.query
def filtered(
    where: fraiseql.Where[Doc] | None = None, order_by: fraiseql.OrderBy[Doc] | None = None
) -> str | None:
    return shown(where=where, order_by=order_by)


QUERIES = [
    fraiseql.find_one("doc", Doc, by=["tenant", "id"]),
    fraiseql.find("docs", Doc, by=["tenant", "kind"]),
    scalars,
    flag,
    lists,
    inputs,
    filtered,
]

KEYS = "{ tenant id }"


@dataclass(frozen=True)
class Position:
    """One place for ``$x``.

    Attributes:
        selection: Root fields with ``$x`` in the place.
        type: Type of the variable, without ``!``.
        good: Values that fit, the first one also as a literal of GraphQL: the default.
        literal: That literal.
        wrong: Values that do not fit.
        rest: Fragments.
    """

    selection: str
    type: str
    good: tuple[Any, ...]
    literal: str
    wrong: tuple[Any, ...]
    rest: str = ""

    def operations(self) -> Iterator[str]:
        """Yield the operation with each way to declare the variable."""
        for declared in ("", "!", f" = {self.literal}", f"! = {self.literal}", " = null"):
            yield f"query ($x: {self.type}{declared}) {{ {self.selection} }} {self.rest}"

    def variables(self) -> Iterator[Mapping[str, Any]]:
        """Yield each set of variables."""
        yield {}
        for value in (None, *self.good, *self.wrong):
            yield {"x": value}


def _int(selection: str) -> Position:
    return Position(selection, "Int", (7, 1), "2", ("7", 1.5, True, [], [7], {}, 1 << 40))


def _ints(selection: str) -> Position:
    good = ([7, 1], [], 7, [2, 2])
    return Position(selection, "[Int!]", good, "[7, 1]", ([None], ["7"], [[7]], {}, "7"))


def _kind(selection: str) -> Position:
    return Position(selection, "Kind", ("A", "B"), "B", ("C", "a", 1, True, [], ["A"], {}))


def _boolean(selection: str, rest: str = "") -> Position:
    return Position(selection, "Boolean", (True, False), "true", ("true", 1, [], {}), rest)


def _text(selection: str) -> Position:
    return Position(selection, "String", ("o", "", "two"), '"t"', (1, True, [], ["o"], {}))


def _where(selection: str) -> Position:
    good = (
        {"id": {"eq": 7}},
        {},
        {"id": None},
        {"ok": {"isNull": True}},
        {"or": [{"id": {"eq": 1}}, {"title": {"eq": None}}]},
        {"or": []},
        {"or": {"id": {"in": 7}}},
        {"and": None, "not": {"kind": {"eq": "A"}}},
        {"not": None},
    )
    wrong = (
        {"id": 7},
        {"no": {"eq": 1}},
        {"id": {"eq": "7"}},
        {"id": {"in": [None]}},
        {"or": [None]},
        {"kind": {"eq": "a"}},
        [],
        "x",
        [{"id": {"eq": 7}}],
    )
    return Position(selection, "DocWhere", good, "{ id: { eq: 1 } }", wrong)


def _order(selection: str, type_: str) -> Position:
    good = ({"id": "ASC"}, {"title": "DESC"})
    wrong = ({"id": "UP"}, {"id": None}, {}, {"id": "ASC", "kind": "ASC"}, {"no": "ASC"}, 3)
    return Position(selection, type_, good, "{ id: DESC }", wrong)


def _outer(selection: str) -> Position:
    good = (
        {"required": 1},
        {"required": 1, "name": None, "inner": {}, "more": {"n": 4}},
        {"required": 1, "inner": {"tags": "x"}, "more": [], "extra": {"a": [None]}},
        {"required": 1, "inner": None, "more": None},
    )
    wrong = (
        {},
        {"required": None},
        {"required": "1"},
        {"required": 1, "inner": {"n": None}},
        {"required": 1, "inner": {"kind": "C"}},
        {"required": 1, "more": [None]},
        {"required": 1, "more": [{"n": "x"}]},
        {"required": 1, "unknown": 1},
        7,
        [],
    )
    return Position(selection, "Outer", good, "{ required: 2 }", wrong)


def _inner(selection: str) -> Position:
    good = ({}, {"n": 4, "tags": ["x", "y"]})
    return Position(selection, "Inner", good, "{ kind: B }", ({"n": None}, {"tags": [1]}, [{}]))


def _json(selection: str) -> Position:
    good = ({"a": {"is_null": []}}, [], 1, [1, None], "x", False)
    return Position(selection, "JSON", good, "{ k: [1, null] }", ())


def _docs(argument: str) -> str:
    return f"docs({argument}) {KEYS} other: docs(limit: 1) {KEYS}"


POSITIONS = [
    # Arguments of fields that SQL answers.
    *[_int(f"doc({arguments}) {KEYS}") for arguments in ("tenant: $x, id: 7", "tenant: 1, id: $x")],
    *[_int(_docs(item)) for item in ("tenant: $x", "limit: $x", "offset: $x")],
    _kind(_docs("kind: $x")),
    # Filters.
    _where(_docs("where: $x")),
    _where(_docs("where: { and: [$x] }")),
    _where(_docs("where: { and: [{ id: { gt: 0 } }, $x] }")),
    _where(_docs("where: { or: [$x, { id: { eq: 2 } }] }")),
    _where(_docs("where: { or: { and: [$x] } }")),
    _where(_docs("where: { not: $x }")),
    _where(_docs("where: { not: { or: [$x] } }")),
    Position(
        _docs("where: { or: $x }"),
        "[DocWhere!]",
        ([{"id": {"eq": 7}}, {}], [], {"id": {"eq": 1}}),
        "[{ id: { eq: 2 } }]",
        ([None], [1], "x", {"no": {}}),
    ),
    Position(
        _docs("where: { id: $x }"),
        "IntFilter",
        ({"eq": 7}, {}, {"in": [1], "isNull": False}, {"eq": None}, {"in": 7}),
        "{ gt: 1 }",
        (7, [], {"eq": [7]}, {"no": 1}, {"in": [None]}),
    ),
    *[
        _int(_docs(f"where: {where}"))
        for where in (
            "{ id: { eq: $x } }",
            "{ id: { neq: $x } }",
            "{ id: { in: [$x] } }",
            "{ id: { in: [1, $x] } }",
            "{ id: { notIn: [$x] } }",
            "{ not: { id: { eq: $x } } }",
            "{ or: [{ id: { eq: $x } }, { id: { in: [$x, 2] } }] }",
        )
    ],
    *[_ints(_docs(f"where: {{ id: {{ {each}: $x }} }}")) for each in ("in", "notIn")],
    _boolean(_docs("where: { ok: { isNull: $x } }")),
    _boolean(_docs("where: { ok: { eq: $x } }")),
    _kind(_docs("where: { kind: { eq: $x } }")),
    _kind(_docs("where: { kind: { in: [A, $x] } }")),
    Position(
        _docs("where: { kind: { in: $x } }"), "[Kind!]", (["A"], "B", []), "[A]", (["C"], [None])
    ),
    *[
        _text(_docs(f"where: {{ title: {{ {value}: $x }} }}"))
        for value in ("eq", "contains", "like")
    ],
    Position(
        _docs("where: { price: { eq: $x } }"), "Decimal", (2.5, "1.5", 2), "2.5", ("much", [], {})
    ),
    Position(
        _docs("where: { made: { in: [$x] } }"),
        "Date",
        ("2024-01-02",),
        '"2024-01-01"',
        ("soon", 1, ["2024-01-02"]),
    ),
    # Orders.
    _order(_docs("orderBy: $x"), "[DocOrderBy!]"),
    _order(_docs("orderBy: [$x]"), "DocOrderBy"),
    _order(_docs("orderBy: [{ kind: ASC }, $x]"), "DocOrderBy"),
    Position(_docs("orderBy: [{ id: $x }]"), "Order", ("ASC", "DESC"), "DESC", ("UP", "", 1)),
    Position(
        _docs("orderBy: $x"),
        "[DocOrderBy!]",
        ([{"kind": "DESC"}, {"id": "ASC"}], []),
        "[{ id: ASC }, { tenant: DESC }]",
        ([None], [{}], [[{"id": "ASC"}]], [{"id": "ASC"}, {"id": "UP"}]),
    ),
    # Directives: of root fields, leaves, objects, fragments.
    _boolean(f"docs @include(if: $x) {KEYS} other: __typename"),
    _boolean(f"other: __typename ... @skip(if: $x) {{ docs {KEYS} }}"),
    _boolean("docs { tenant id @skip(if: $x) }"),
    _boolean("docs { tenant @include(if: true) id @skip(if: true) @include(if: $x) }"),
    _boolean("docs { tenant ... @include(if: $x) { id } }"),
    _boolean("docs { tenant ...F @skip(if: $x) }", "fragment F on Doc { id }"),
    _boolean("docs { ...F }", "fragment F on Doc { id kind @include(if: $x) }"),
    _boolean(
        "doc(tenant: 1, id: 7) { id @skip(if: $x) } none: doc(tenant: 9, id: 7) "
        "{ id @skip(if: $x) } docs { id }"
    ),
    # Arguments of Python functions.
    *[_int(f"scalars({first})") for first in ("a: $x", "a: 1, b: $x", "a: 1, c: $x")],
    _text("scalars(a: 1, d: $x)"),
    _boolean("flag(f: $x)"),
    Position("scalars(a: 1, e: $x)", "Float", (1.5, 2), "0.5", ("1", [], True, inf, nan)),
    *[
        _int(f"lists({arguments})")
        for arguments in ("a: [$x]", "a: [1, $x]", "b: [$x]", "b: [$x, null]")
    ],
    *[_int(f"lists({arguments})") for arguments in ("c: [[$x]]", "c: [[1], [2, $x]]")],
    *[_ints(f"lists({arguments})") for arguments in ("a: $x", "c: [$x]", "c: [[1], $x]")],
    _kind("lists(kinds: [$x])"),
    _kind("lists(kinds: [A, $x])"),
    _outer("inputs(outer: $x)"),
    _outer("inputs(several: [$x])"),
    _outer("inputs(several: [{ required: 9 }, $x])"),
    *[
        _inner(f"inputs(outer: {{ required: 1, {arguments} }})")
        for arguments in ("inner: $x", "more: [$x]", "more: [{ n: 9 }, $x]")
    ],
    *[
        _int(f"inputs(outer: {arguments})")
        for arguments in (
            "{ required: $x }",
            "{ required: 1, inner: { n: $x } }",
            "{ required: 1, more: [{ n: $x }] }",
            "{ required: 1, extra: { a: $x } }",
            "{ required: 1, extra: [$x] }",
        )
    ],
    _text("inputs(outer: { required: 1, name: $x })"),
    _text("inputs(outer: { required: 1, inner: { tags: [$x] } })"),
    _kind("inputs(outer: { required: 1, inner: { kind: $x } })"),
    _json("inputs(extra: $x)"),
    _json("inputs(extra: { a: [$x] })"),
    _json("inputs(outer: { required: 1, extra: $x })"),
    _where("filtered(where: $x)"),
    _where("filtered(where: { and: [$x, { not: $x }] })"),
    _int("filtered(where: { id: { in: [$x] } })"),
    _order("filtered(orderBy: $x)", "[DocOrderBy!]"),
    _order("filtered(orderBy: [{ kind: ASC }, $x])", "DocOrderBy"),
    # Arguments of computed fields.
    *[_int(f"docs {{ id times({arguments}) }}") for arguments in ("by: $x", "by: 1, plus: $x")],
    _kind("docs { id times(by: 2, kind: $x) }"),
    *[
        _int(f"docs {{ id each({arguments}) }}")
        for arguments in ("by: $x", "of: [$x]", "of: [1, $x]")
    ],
    _ints("docs { id each(of: $x) }"),
    # Introspection.
    Position("__type(name: $x) { name }", "String", ("Doc", "No"), '"Kind"', (1, [])),
    _boolean('__type(name: "Doc") { name fields(includeDeprecated: $x) { name } }'),
    _boolean('__type(name: "Doc") { name kind @skip(if: $x) }'),
    _boolean("__schema { queryType { name @include(if: $x) } }"),
]
