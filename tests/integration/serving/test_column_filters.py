"""Operators of ranges, networks, ltree and JSON paths, only where a field has them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import print_type

import fraiseql
from fraiseql.errors import DeclarationError, SourceError
from fraiseql.repositories import Repository
from fraiseql.serving.startup.indexed import UNINDEXED
from tests.integration.serving.served import Served, served

TABLES = """
DROP TABLE IF EXISTS host;
CREATE TABLE host (
  id int PRIMARY KEY, address inet, block cidr, busy int4range NOT NULL, days datemultirange,
  meta jsonb, data jsonb NOT NULL DEFAULT '{"deep": {"n": 5}}', name text);
INSERT INTO host VALUES
  (1, '10.1.2.3', '10.0.0.0/8', '[1,5)', '{[2026-01-01,2026-02-01)}', '{"a": 1, "tags": ["x"]}'),
  (2, '192.168.0.1/24', '192.168.0.0/16', '[5,9)', '{}', '{"a": 20}'),
  (3, NULL, NULL, 'empty', NULL, NULL);
UPDATE host SET name = 'aa' WHERE id = 1;
CREATE INDEX ON host USING gin (meta);
CREATE INDEX ON host USING gist (busy);
"""


def of(kind: Any) -> Any:
    return fraiseql.field(default=None, filter=fraiseql.Filter(column=kind))


@fraiseql.type(
    sql_source="host", jsonb_column="data", writes=fraiseql.Writes(update=["name"], many=True)
)
class Host:
    id: int
    name: str | None = fraiseql.field(default=None, filter=fraiseql.Filter(regex=True))
    busy: str = fraiseql.field(filter=fraiseql.Filter(column="range"))
    days: str | None = of("range")
    address: str | None = of("inet")
    block: str | None = of("inet")
    meta: dict[str, Any] | None = fraiseql.field(default=None, filter=fraiseql.Filter(path=True))
    deep: dict[str, Any] | None = fraiseql.field(default=None, filter=fraiseql.Filter(path=True))


@fraiseql.query
async def overlapping(info: fraiseql.Info, busy: str) -> list[int]:
    rows = await Repository(info.context["db"], info.context).find(
        "host", where={"busy": {"overlaps": busy}}
    )
    return [row["id"] for row in rows]


QUERIES = [fraiseql.find("hosts", Host, order_by="id"), overlapping]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        yield running


CASES = [
    ('busy: {contains: "[2,3]"}', [1]),
    ('busy: {containedBy: "[1,100)"}', [1, 2, 3]),
    ('busy: {overlaps: "[4,6)"}', [1, 2]),
    ('busy: {adjacent: "[9,10)"}', [2]),
    ('busy: {eq: "[1,5)"}', [1]),
    ('busy: {in: ["empty", "[5,8]"]}', [2, 3]),
    ("days: {isNull: true}", [3]),
    ('days: {overlaps: "{[2026-01-15,2026-01-16)}"}', [1]),
    ('address: {containedBy: "10.0.0.0/8"}', [1]),
    ('address: {contains: "192.168.0.7"}', [2]),
    ('address: {eq: "10.1.2.3"}', [1]),
    ('block: {containedBy: "192.168.0.0/16"}', [2]),
    ('block: {contains: "10.9.9.9"}', [1]),
    ('meta: {path: "$.a ? (@ > 10)"}', [2]),
    ('meta: {path: "$.tags[*] ? (@ == \\"x\\")", contains: {a: 1}}', [1]),
    ('meta: {path: "strict $.none"}', []),
    ('deep: {path: "$.n ? (@ == 5)"}', [1, 2, 3]),
    ('not: {meta: {path: "$.a"}}', [3]),
]


@pytest.mark.parametrize(("where", "ids"), CASES)
def test_operators_find_the_rows_of_postgresql(bench: Served, where: str, ids: list[int]) -> None:
    rows = bench.data(f"{{ hosts(where: {{{where}}}) {{ id }} }}")["hosts"]
    assert [row["id"] for row in rows] == ids


def test_operands_are_parameters(bench: Served) -> None:
    query = """query ($r: String, $n: String, $p: String) {
      a: hosts(where: {busy: {overlaps: $r}}) { id }
      b: hosts(where: {address: {containedBy: $n}}) { id }
      c: hosts(where: {meta: {path: $p}}) { id } }"""
    found = bench.data(query, {"r": "[4,5)", "n": "10.0.0.0/8", "p": "$.a"})
    assert [[row["id"] for row in rows] for rows in found.values()] == [[1], [1], [1, 2]]
    everything = bench.data(query, {})
    assert all(len(rows) == 3 for rows in everything.values())
    assert bench.data('{ overlapping(busy: "[1,2)") }') == {"overlapping": [1]}


BAD = [
    'busy: {overlaps: "[5,1)"}',
    'busy: {contains: "x"}',
    'busy: {overlaps: "\'; DROP TABLE host; --"}',
    'address: {containedBy: "10.0.0.0/99"}',
    'meta: {path: "$$"}',
    'meta: {path: ""}',
    'meta: {path: "$.a ? (@ like_regex \\"(\\")"}',
    "meta: {path: null}",
    "busy: {contains: null}",
]


@pytest.mark.parametrize("where", BAD)
def test_bad_operands_are_errors_of_the_client(bench: Served, where: str) -> None:
    error = bench.error(f"{{ hosts(where: {{{where}}}) {{ id }} }}")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error.get("path", ["hosts"]) == ["hosts"]
    assert len(bench.data("{ hosts { id } }")["hosts"]) == 3


REFUSED = [
    ("busy", "overlaps", "[5,1)"),
    ("busy", "contains", "x"),
    ("address", "containedBy", "10.0.0.0/99"),
    ("meta", "path", "$$"),
    ("name", "regex", "("),
    ("name", "like", "a\\"),
    ("name", "eq", "\x00"),
]


@pytest.mark.parametrize(("field", "operator", "text"), REFUSED)
def test_the_refused_value_is_named_among_others(
    bench: Served, field: str, operator: str, text: str
) -> None:
    good = 'id: {gt: 0}, and: [{busy: {overlaps: "[1,2)"}}, {name: {like: "a%"}}]'
    query = (
        f"query ($v: String!) {{ hosts(where: {{{good}, {field}: {{{operator}: $v}}}}) {{ id }} }}"
    )
    error = bench.error(query, {"v": text})
    assert error["path"] == ["hosts"]
    assert field in error["message"]
    extensions = error["extensions"]
    assert extensions["code"] == "BAD_USER_INPUT"
    assert extensions["hint"]
    assert extensions["variable"] == ["v"]
    assert extensions["input"] == ["where", field, operator]
    written = json.dumps(text, ensure_ascii=False).replace("\\u0000", "\\u{0}")
    error = bench.error(query.replace("($v: String!)", "").replace("$v", written))
    assert "variable" not in error["extensions"]
    assert error["extensions"]["input"] == ["where", field, operator]


def test_the_refused_value_inside_of_a_variable_is_named(bench: Served) -> None:
    query = "query ($w: HostWhere) { hosts(where: $w) { id } }"
    where = {"or": [{"busy": {"eq": "[1,5)"}}, {"busy": {"in": ["empty", "[9,1)"]}}]}
    error = bench.error(query, {"w": where})
    assert error.get("path") == ["hosts"], error
    extensions = error["extensions"]
    assert extensions["variable"] == ["w", "or", 1, "busy", "in"]
    assert extensions["input"] == ["where", "or", 1, "busy", "in"]


def test_a_bad_path_in_a_write_is_an_error_of_the_client(bench: Served) -> None:
    query = 'mutation { updateManyHost(where: {meta: {path: "$$"}}, set: {name: "n"}) { id } }'
    assert bench.error(query)["extensions"]["code"] == "BAD_USER_INPUT"
    good = query.replace("$$", "$.a ? (@ > 10)")
    assert bench.data(good) == {"updateManyHost": [{"id": 2}]}
    assert bench.error('{ overlapping(busy: "[5") }')["extensions"]["code"] == "BAD_USER_INPUT"


def test_inputs_have_only_the_operators_of_the_column(bench: Served) -> None:
    types = bench.service.schema.graphql.type_map
    ranges = print_type(types["HostBusyFilter"])
    assert all(name in ranges for name in ("contains:", "containedBy:", "overlaps:", "adjacent:"))
    assert "like:" not in ranges
    assert "adjacent:" not in print_type(types["HostAddressFilter"])
    assert "path:" in print_type(types["HostMetaFilter"])
    assert "JSONFilter" not in types


def declared(hint: Any, only: Any) -> None:
    members = {"__annotations__": {"id": int, "x": hint}, "x": fraiseql.field(filter=only)}
    cls = fraiseql.type(sql_source="host")(type("Wrong", (), members))
    fraiseql.build_schema(queries=[fraiseql.find("wrong", cls)])


@pytest.mark.parametrize(
    ("hint", "only", "kind"),
    [
        (int, fraiseql.Filter(column="range"), DeclarationError),
        (str, fraiseql.Filter(path=True), DeclarationError),
        (dict[str, Any], fraiseql.Filter(path=True, regex=True), DeclarationError),
        (str, fraiseql.Filter(column="point"), DeclarationError),  # type: ignore[arg-type]
    ],
)
def test_options_that_fit_no_such_field(hint: Any, only: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        declared(hint, only)


def test_a_column_of_another_type_is_refused_at_the_start(database: str, bench: Served) -> None:
    @fraiseql.type(sql_source="host")
    class Wrong:
        id: int
        name: str | None = fraiseql.field(default=None, filter=fraiseql.Filter(column="inet"))

    with (
        pytest.raises(SourceError, match=r"Wrong\.name has filter=Filter"),
        served(database, queries=[fraiseql.find("wrong", Wrong)]),
    ):
        pass


def test_paths_are_not_there_by_default(database: str, bench: Served) -> None:
    @fraiseql.type(sql_source="host")
    class Plain:
        id: int
        meta: dict[str, Any] | None

    with served(database, queries=[fraiseql.find("plain", Plain)]) as running:
        error = running.error('{ plain(where: {meta: {path: "$"}}) { id } }')
        assert "path" in error["message"]


def test_ltree(database: str, bench: Served) -> None:
    if not bench.fetch("SELECT FROM pg_available_extensions WHERE name = 'ltree'"):
        pytest.skip("the server has no ltree")

    @fraiseql.type(sql_source="topic")
    class Topic:
        id: int
        path: str = fraiseql.field(filter=fraiseql.Filter(column="ltree"))

    sql = """CREATE SCHEMA ext; CREATE EXTENSION ltree SCHEMA ext;
      CREATE TABLE topic (id int PRIMARY KEY, path ext.ltree NOT NULL);
      INSERT INTO topic VALUES (1, 'top'), (2, 'top.science'), (3, 'top.science.maths'),
        (4, 'other')"""
    with served(database, sql, queries=[fraiseql.find("topics", Topic, order_by="id")]) as running:
        for where, ids in (
            ('descendantOf: "top.science"', [2, 3]),
            ('ancestorOf: "top.science"', [1, 2]),
            ('matches: "*.science.*"', [2, 3]),
            ('eq: "other"', [4]),
        ):
            rows = running.data(f"{{ topics(where: {{path: {{{where}}}}}) {{ id }} }}")["topics"]
            assert [row["id"] for row in rows] == ids, where
        for where in ('matches: "a..b"', 'descendantOf: "a b"'):
            error = running.error(f"{{ topics(where: {{path: {{{where}}}}}) {{ id }} }}")
            assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_development_marks_what_no_index_serves(database: str, bench: Served) -> None:
    with served(database, queries=QUERIES, debug=True) as running:
        types: Any = running.service.schema.graphql.type_map
        for name in ("HostWhere", "HostOrderBy"):
            marked = {
                each
                for each, entry in types[name].fields.items()
                if UNINDEXED in (entry.description or "")
            }
            assert {"name", "address"} <= marked
            assert not marked & {"id", "busy", "meta"}
    plain: Any = bench.service.schema.graphql.type_map["HostWhere"]
    assert UNINDEXED not in (plain.fields["name"].description or "")
