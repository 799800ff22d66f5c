"""A filter by any served value finds its row, in PostgreSQL's order."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import fraiseql
from fraiseql.naming import to_camel
from tests.integration.serving.served import Served, fetch, served
from tests.integration.serving.value_samples import VALUES

NATURAL: dict[str, list[Any]] = {
    "int2": [int, fraiseql.BigInt, float, Decimal, fraiseql.ID],
    "int4": [int, fraiseql.BigInt, float, Decimal, fraiseql.ID],
    "int8": [fraiseql.BigInt, float, Decimal, fraiseql.ID],
    "numeric": [Decimal, float],
    "float4": [float, Decimal],
    "float8": [float, Decimal],
    "bool": [bool],
    "uuid": [UUID, fraiseql.ID],
    "date": [date],
    "timestamp": [datetime],
    "timestamptz": [datetime],
    "time": [time],
    "timetz": [time],
    **{name: [fraiseql.ID] for name in ("text", "varchar", "bpchar", "name", "citext")},
}
TEXT = ([str], [])  # a boolean column that is declared as text is refused at the start
CATALOG = """
SELECT t.typname::text AS name, EXISTS (
  SELECT FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod
  WHERE c.opcdefault AND m.amname = 'btree' AND (c.opcintype = t.oid OR EXISTS (
    SELECT FROM pg_cast k WHERE k.castsource = t.oid AND k.casttarget = c.opcintype
      AND k.castmethod = 'b' AND k.castcontext = 'i')
    OR t.typtype IN ('r', 'm'))) AS ordered
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = 'pg_catalog' AND t.typtype IN ('b', 'r', 'm') AND t.typcategory <> 'A'
  AND t.typname <> 'jsonb'
  AND t.typname !~ '^pg_(ndistinct|dependencies|mcv_list|brin|node_tree|snapshot|ddl)'
ORDER BY 1
"""


@dataclass
class Case:
    """A field over a column.

    Attributes:
        name: Of the field and the column.
        sql: Type of the column.
        python: Hint of the field.
        texts: Values as PostgreSQL reads them.
    """

    name: str
    sql: str
    python: Any
    texts: tuple[str, ...]


def cases_of(types: list[str]) -> list[Case]:
    """Return a field for each type and each hint that serves it."""
    created = []
    for type_name in types:
        quoted = f'"{type_name}"'
        for n, python in enumerate([*NATURAL.get(type_name, []), *TEXT[type_name == "bool"]]):
            sql = f"{quoted}(3)" if type_name in ("bit", "bpchar") else quoted
            texts = tuple(
                text
                for text in VALUES[type_name]
                if type_name != "bpchar" or len(text.rstrip(" ")) <= 3
            )
            created.append(Case(f"f_{type_name}_{n}", sql, python, texts))
    return created


def type_over(table: str, cases: list[Case], **options: Any) -> Any:
    """Declare a type with a nullable field for each case."""
    hints = {"id": int} | {case.name: case.python | None for case in cases}
    cls = type(table.title().replace("_", ""), (), {"__annotations__": hints})
    return fraiseql.type(sql_source=table, **options)(cls)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Bench:
    """Served values of one field, and questions about them."""

    def __init__(self, running: Served, root: str, case: Case, kind: str) -> None:
        self.running, self.root, self.name = running, root, case.name
        self.is_float = case.python is float
        self.query = (
            f"query ($w: {kind}Where, $o: [{kind}OrderBy!])"
            f" {{ {root}(where: $w, orderBy: $o, limit: 500) {{ id {self.field} }} }}"
        )

    @property
    def field(self) -> str:
        return to_camel(self.name)

    def values(self) -> dict[int, Any]:
        """Return the served values by id, without those with an error."""
        answer = json.loads(self.running.body(self.query, {}), parse_float=Decimal)
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"] == "BAD_DOCUMENT", error
        actual = {row["id"]: row[self.field] for row in answer["data"][self.root]}
        read = float if self.is_float else lambda value: value
        return {key: read(value) for key, value in actual.items() if value is not None}

    def ids(self, **where: Any) -> set[int]:
        return set(self.ordered({self.field: where}))

    def ordered(self, where: Any = None, order: Any = None) -> list[int]:
        variables = json.loads(json.dumps({"w": where, "o": order}, default=as_number))
        answer = self.running.ask(self.query, variables)
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"] == "BAD_DOCUMENT", (self.name, where, error)
        assert answer["data"], (self.name, where, answer)
        return [row["id"] for row in answer["data"][self.root]]

    def check(self, expected_order: list[int], ranks: dict[int, int]) -> None:
        """Check every value against every operator; ``ranks`` are PostgreSQL's."""
        values = self.values()
        for key, value in values.items():
            equal = {row_id for row_id in ranks if ranks[row_id] == ranks[key]}
            below = {row_id for row_id in ranks if ranks[row_id] < ranks[key]}
            label = (self.name, value)
            sample = values.keys()
            assert self.ids(eq=value) & sample == equal & sample, label
            assert self.ids(neq=value) & sample == sample - equal, label
            if isinstance(value, bool):
                continue
            assert self.ids(**{"in": [value]}) & sample == equal & sample, label
            assert self.ids(notIn=[value]) & sample == sample - equal, label
            assert self.ids(lt=value) & sample == below & sample, label
            assert self.ids(lte=value) & sample == (below | equal) & sample, label
            assert self.ids(gt=value) & sample == sample - below - equal, label
            assert self.ids(gte=value) & sample == sample - below, label
        served_order = [
            row_id for row_id in self.ordered(order=[{self.field: "ASC"}]) if row_id in values
        ]
        assert served_order == [row_id for row_id in expected_order if row_id in values], self.name
        backwards = [
            row_id for row_id in self.ordered(order=[{self.field: "DESC"}]) if row_id in values
        ]
        assert [ranks[row_id] for row_id in backwards] == [
            ranks[row_id]
            for row_id in reversed([row_id for row_id in expected_order if row_id in values])
        ], self.name


def as_number(value: Any) -> Any:
    """Return a number with its digits, as text where a float would round them."""
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def ranks_of(rows: list[dict[str, Any]]) -> dict[int, int]:
    ranks: dict[int, int] = {}
    for row in rows:
        ranks[row["id"]] = row["rank"]
    return ranks


@pytest.fixture(scope="module")
def types(database: str) -> list[dict[str, Any]]:
    return asyncio.run(fetch(database, CATALOG))


def test_every_type_of_the_catalog_is_known(types: list[dict[str, Any]]) -> None:
    unknown = [row["name"] for row in types if row["ordered"] and row["name"] not in VALUES]
    assert not unknown, "a type that is compared needs values in value_samples.py"


@pytest.fixture(scope="module")
def columns(database: str, types: list[dict[str, Any]]) -> Iterator[tuple[Served, list[Case]]]:
    cases = cases_of([row["name"] for row in types if row["ordered"]])
    most = max(len(case.texts) for case in cases)
    columns = ", ".join(f"{case.name} {case.sql}" for case in cases)
    rows = []
    for n in range(most):
        cells = [
            f"{literal(case.texts[n])}::{case.sql}" if n < len(case.texts) else "NULL"
            for case in cases
        ]
        rows.append(f"INSERT INTO val VALUES ({n + 1}, {', '.join(cells)});")
    sql = f"CREATE TABLE val (id int PRIMARY KEY, {columns}); {' '.join(rows)}"
    queries = [fraiseql.find("vals", type_over("val", cases), max_limit=500)]
    with served(database, sql, queries=queries, max_complexity=10_000_000) as running:
        yield running, cases


def test_a_served_value_of_a_column_finds_its_row(columns: tuple[Served, list[Case]]) -> None:
    running, cases = columns
    wrong = []
    for case in cases:
        rows = running.fetch(
            f"SELECT id, dense_rank() OVER (ORDER BY {case.name}) AS rank FROM val"
            f" WHERE {case.name} IS NOT NULL ORDER BY {case.name}, id"
        )
        bench = Bench(running, "vals", case, "Val")
        try:
            bench.check([row["id"] for row in rows], ranks_of(rows))
        except AssertionError as error:
            wrong.append(str(error).split("\n")[0][:300])
    assert not wrong, "\n".join(wrong)


UNCOMPARED = ("xml", "point", "json", "box", "line", "path", "polygon", "circle", "lseg")


def test_a_column_that_postgresql_does_not_compare_has_no_filter(database: str) -> None:
    columns = ", ".join(f"f_{name} {name}" for name in UNCOMPARED)
    cases = [Case(f"f_{name}", name, str, ()) for name in (*UNCOMPARED, "xid")]
    sql = f"CREATE TABLE uncompared (id int PRIMARY KEY, {columns}, f_xid xid)"
    query = (
        '{ w: __type(name: "UncomparedWhere") { inputFields { name } }'
        ' o: __type(name: "UncomparedOrderBy") { inputFields { name } } }'
    )
    roots = [fraiseql.find("uncompared", type_over("uncompared", cases))]
    with served(database, sql, queries=roots) as running:
        data = running.data(query)
        names = {key: {field["name"] for field in data[key]["inputFields"]} for key in data}
        assert names == {"w": {"id", "fXid", "and", "or", "not"}, "o": {"id"}}
        running.execute("INSERT INTO uncompared (id, f_xid) VALUES (1, '7')")
        assert running.data('{ uncompared(where: {fXid: {eq: "7"}}) { id } }')["uncompared"]
        error = running.ask('{ uncompared(where: {fXid: {gt: "7"}}) { id } }')["errors"][0]
        assert "compares by order" in error["message"]


def test_a_pattern_is_compared_with_the_text_that_is_served(database: str) -> None:
    loose = "provider = icu, locale = 'und-u-ks-level2', deterministic = false"
    try:
        asyncio.run(fetch(database, f"CREATE COLLATION loose ({loose})"))
    except asyncpg.FeatureNotSupportedError:
        pytest.skip("the server is built without ICU")
    sql = """
        CREATE TABLE pattern
          (id int PRIMARY KEY, at timestamptz, fixed char(5), word text COLLATE loose);
        INSERT INTO pattern VALUES (1, '2024-01-01 10:00:00+00', 'ab', 'Ada'), (2, NULL, 'abc', 'b')
    """

    @fraiseql.type(sql_source="pattern")
    class Pattern:
        id: int
        at: str | None
        fixed: str
        word: str

    query = "query ($w: PatternWhere) { patterns(where: $w) { id } }"
    with served(database, sql, queries=[fraiseql.find("patterns", Pattern)]) as running:
        for where, expected in [
            ({"at": {"contains": "01T10:00:00+00:00"}}, [1]),
            ({"at": {"startsWith": "2024-01-01T"}}, [1]),
            ({"fixed": {"eq": "ab   "}}, [1]),
            ({"fixed": {"endsWith": "b   "}}, [1]),
            ({"word": {"contains": "da"}}, [1]),
            ({"word": {"like": "A%"}}, [1]),
            ({"word": {"eq": "ADA"}}, [1]),
        ]:
            data = running.data(query, {"w": where})["patterns"]
            assert [row["id"] for row in data] == expected, where


def test_a_resolver_gets_no_date_outside_of_pythons_range(database: str) -> None:
    @fraiseql.input
    class Span:
        days: list[date]

    @fraiseql.query
    def year(day: date | None = None, span: Span | None = None) -> int:
        return (day or (span and span.days[0]) or date.min).year

    with served(database, queries=[year]) as running:
        assert running.data('{ year(day: "2024-01-01") }') == {"year": 2024}
        for query, variables in [
            ('{ year(day: "infinity") }', None),
            ("query ($d: Date) { year(day: $d) }", {"d": "0044-03-15 BC"}),
            ("query ($s: Span) { year(span: $s) }", {"s": {"days": ["10000-01-01"]}}),
        ]:
            error = running.ask(query, variables)["errors"][0]
            assert error["extensions"]["code"] == "BAD_USER_INPUT", error
