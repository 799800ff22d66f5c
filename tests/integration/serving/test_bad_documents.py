"""Malformed values in documents fail no filter, only their field."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

import fraiseql
from tests.integration.caching.indexes.posts import applied
from tests.integration.serving.served import Served, execute, served


@fraiseql.enum
class Mood(Enum):
    CALM = "calm"
    loudVoice = "loud voice"  # noqa: N815 - the test needs a camelCase name


HINTS: dict[str, Any] = {
    "whole": int,
    "big": fraiseql.BigInt,
    "real": float,
    "exact": Decimal,
    "text": str,
    "ident": fraiseql.ID,
    "flag": bool,
    "uid": UUID,
    "at": datetime,
    "day": date,
    "clock": time,
    "mood": Mood,
}
A, B = "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "7ba7b810-9dad-11d1-80b4-00c04fd430c8"
# Groups of equal JSON values, in order.
GOOD: dict[str, list[list[str]]] = {
    "whole": [["-5"], ["0", '"0"', "false", '"-0"'], ["1", "1.0", "true", '"1"'], ["2147483647"]],
    "big": [["-1"], ["7", '"7"'], ["9007199254740993"], ['"123456789012345678901234567890"']],
    "real": [["-1e10"], ["0", "1e-400", "false"], ["5e-324"], ["0.1", '"0.10"'], ["1", "true"]],
    "exact": [["-1"], ["0.1", '"0.10"', "0.100"], ["12345678901234567890.5"], ["1e400"]],
    "text": [['""'], ['"12"', "12"], ['"[1]"'], ['"a\\"b"'], ['"true"', "true"], ['"{"']],
    "ident": [['"5"', "5", "5.0"], ['"a"'], ['"b"']],
    "flag": [["false", "0", "0.0"], ["true", "1", "0.5"]],
    "uid": [[f'"{A}"', f'"{A.upper()}"', f'"{{{A}}}"', f'"{A.replace("-", "")}"'], [f'"{B}"']],
    "at": [
        ['"-infinity"'],
        ['"0044-03-15T12:00:00Z BC"'],
        ['"2024-01-01"', '"2024-01-01T00:00:00Z"', '"2024-01-01 02:00:00+02"'],
        ['"2024-01-01T00:00:00.123457Z"', '"2024-01-01T00:00:00.123456789Z"'],
        ['"2024-01-02T00:00:00Z"', '"2024-01-01T24:00:00Z"'],
        ['"9999-12-31T23:59:59.999999Z"'],
        ['"12345-01-01T00:00:00Z"'],
        ['"infinity"'],
    ],
    "day": [['"0001-02-29 BC"'], ['"2024-02-29"'], ['"9999-12-31"'], ['"infinity"']],
    "clock": [['"00:00"'], ['"10:00:00"', '"10:00"'], ['"24:00:00"', '"24:00"']],
    "mood": [['"calm"'], ['"loud voice"']],
}
ODD = ["{}", "[1]", '{"a": 1}']
BAD: dict[str, list[str]] = {
    "whole": [*ODD, "1e12", "1000000000000", "1.5", '"x"', '"007"', '""', '"1e2"'],
    "big": [*ODD, "1.5", "true", '"1_5"', '" 1"', '"٣"'],
    "real": [*ODD, "1e400", '"1e400"', '"NaN"', '"x"', '" 1"', '"1_0"'],
    "exact": [*ODD, "true", '"NaN"', '"x"', '"1,5"', '"٣"'],
    "text": ODD,
    "ident": [*ODD, "1.5", "true"],
    "flag": [*ODD, '"true"', '"x"'],
    "uid": [*ODD, "5", '"x"', f'"{A[:-1]}"', f'"{{{A}"', f'"urn:uuid:{A}"', '"--------"'],
    "at": [*ODD, "5", '"soon"', '"now"', '"2024-02-30"', '"2024-01-01T25:00:00Z"', '"20240101"'],
    "day": [*ODD, "5", '"soon"', '"today"', '"2023-02-29"', '"0000-01-01"', '"2024-01-01T00:00"'],
    "clock": [*ODD, "5", '"soon"', '"25:00"', '"24:00:01"', '"allballs"'],
    "mood": [*ODD, '"CALM"', '"sad"', "1"],
}
BAD["at"] += ['"99999999-01-01"', '"2024-01-01T00:00:00+16:00"', '"' + "1" * 200 + '"']
BAD["day"] += ['"9999999-01-01"', '"0101-02-29 BC"', '"2024-13-01"']
BAD["uid"] += ['"-------------------------------------"', f'"{A.replace("-", ":")}"']
BAD["real"] += ['"' + "9" * 400 + '"', "9" * 400]
BAD["whole"] += ['"' + "9" * 200_000 + '"', "9" * 400]
JSON_ONLY: dict[str, list[str]] = {
    "text": ['"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"'],
    "ident": ['"\\u0000"', '"\\ud800x"'],
    "mood": ['"calm\\u0000"'],
    "day": ['"\\u0000"'],
    "real": ["1e999999"],
}


class Rows:
    """Documents with one key each, by id.

    Attributes:
        ranks: Of good values: place of the group of equal ones, by field and id.
        bad: Ids of bad values by field.
        sql: Inserts all of them.
    """

    def __init__(self, base: str) -> None:
        self.ranks: dict[str, dict[int, int]] = {name: {} for name in HINTS}
        self.bad: dict[str, set[int]] = {name: set() for name in HINTS}
        documents = ["{}"]
        for name in HINTS:
            for rank, group in enumerate(GOOD[name]):
                for token in group:
                    documents.append(f'{{"{name}": {token}}}')
                    self.ranks[name][len(documents)] = rank
            for token in BAD[name] + (JSON_ONLY.get(name, []) if base == "json" else []):
                documents.append(f'{{"{name}": {token}}}')
                self.bad[name].add(len(documents))
        if base == "json":
            # Other keys of a document with such a character are read as they are.
            other = r'{"whole": "\u0000", "text": "\\u0000 \ud83d\ude00", "real": 3, "ident": "c"}'
            documents.append(other)
            last = len(documents)
            self.bad["whole"].add(last)
            self.ranks["real"][last] = len(GOOD["real"])
            self.ranks["ident"][last] = len(GOOD["ident"])
            self.ranks["text"][last] = -1
        quoted = [f"({n}, $d${text}$d$)" for n, text in enumerate(documents, 1)]
        self.sql = f"INSERT INTO holder VALUES {', '.join(quoted)}"


def holder(*indexes: Any) -> Any:
    hints = {"id": int} | {name: hint | None for name, hint in HINTS.items()}
    cls = type("Holder", (), {"__annotations__": hints})
    return fraiseql.type(sql_source="holder", jsonb_column="data", indexes=indexes)(cls)


INDEXED = ("whole", "big", "real", "exact", "text", "ident", "flag", "uid", "mood")
KINDS = ("jsonb", "json", "indexed", "gin")


@pytest.fixture(scope="module", params=KINDS)
def bench(request: pytest.FixtureRequest, database: str) -> Iterator[tuple[Served, Rows]]:
    base = "json" if request.param == "json" else "jsonb"
    rows = Rows(base)
    indexes: tuple[Any, ...] = ()
    if request.param == "indexed":
        indexes = tuple(fraiseql.Index((name,)) for name in INDEXED)
    elif request.param == "gin":
        indexes = (fraiseql.Gin("data"),)
    cls = holder(*indexes)
    asyncio.run(prepared(database, base, rows, cls if indexes else None))
    root = fraiseql.find("holders", cls, max_limit=1000)
    with served(database, queries=[root], max_complexity=10**7) as running:
        yield running, rows


async def prepared(database: str, base: str, rows: Rows, indexed: Any) -> None:

    await execute(
        database,
        "DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP TABLE IF EXISTS holder;"
        f"CREATE TABLE holder (id int PRIMARY KEY, data {base}); {rows.sql}; ANALYZE holder",
    )
    if indexed is not None:
        await applied(database, indexed)


QUERY = """query ($w: HolderWhere, $o: [HolderOrderBy!]) {
  holders(where: $w, orderBy: $o, limit: 1000) { id FIELD }
}"""


def ask(running: Served, name: str, where: Any = None, order: Any = None) -> list[int]:
    variables = {"w": None if where is None else {name: where}, "o": order}
    answer = running.ask(QUERY.replace("FIELD", ""), variables)
    assert "errors" not in answer, (name, where, answer["errors"])
    return [row["id"] for row in answer["data"]["holders"]]


@pytest.mark.parametrize("name", HINTS)
def test_bad_values_are_errors_at_their_field_and_match_nothing(
    bench: tuple[Served, Rows], name: str
) -> None:
    running, rows = bench
    body = running.body(QUERY.replace("FIELD", name), {})
    answer = json.loads(body, parse_float=Decimal)
    listed = [int(row["id"]) for row in answer["data"]["holders"]]
    failed = {listed[error["path"][1]] for error in answer.get("errors", ())}
    assert {error["extensions"]["code"] for error in answer.get("errors", ())} <= {"BAD_DOCUMENT"}
    assert failed == rows.bad[name]
    values = {
        int(row["id"]): row[name] for row in answer["data"]["holders"] if row[name] is not None
    }
    assert values.keys() == rows.ranks[name].keys()
    for key, value in values.items():
        check(running, rows, name, key, value)
    ascending = [row_id for row_id in ask(running, name, order=[{name: "ASC"}]) if row_id in values]
    if name != "text":
        # Texts are ordered by the collation of the database.
        assert [rows.ranks[name][row_id] for row_id in ascending] == sorted(
            rows.ranks[name].values()
        )
    all_ids = ask(running, name, order=[{name: "ASC"}])
    assert all_ids[: len(values)] == ascending, "what counts as null comes last"
    assert set(ask(running, name, {"isNull": False})) == values.keys() | rows.bad[name]


def check(running: Served, rows: Rows, name: str, key: int, value: Any) -> None:
    ranks = rows.ranks[name]
    equal = {row_id for row_id in ranks if ranks[row_id] == ranks[key]}
    case = (name, key, value)
    sent = value
    if name == "real":
        sent = float(value)
    elif name in ("big", "exact"):
        sent = str(value)
    assert set(ask(running, name, {"eq": sent})) == equal, case
    assert set(ask(running, name, {"neq": sent})) == ranks.keys() - equal, case
    if name != "flag":
        assert set(ask(running, name, {"in": [sent]})) == equal, case
        assert set(ask(running, name, {"notIn": [sent]})) == ranks.keys() - equal, case
    if name in ("flag", "mood", "text"):
        return
    below = {row_id for row_id in ranks if ranks[row_id] < ranks[key]}
    assert set(ask(running, name, {"lt": sent})) == below, case
    assert set(ask(running, name, {"gte": sent})) == ranks.keys() - below, case


def test_a_negation_finds_bad_values_as_it_finds_nulls(bench: tuple[Served, Rows]) -> None:
    running, rows = bench
    query = "query ($w: HolderWhere) { holders(where: $w, limit: 1000) { id } }"
    holders = running.data(query, {"w": {"not": {"day": {"eq": "2024-02-29"}}}})["holders"]
    assert rows.bad["day"] < {row["id"] for row in holders}


@fraiseql.interface(sql_source="animal", jsonb_column="data", discriminator="kind")
class Animal:
    id: int


@fraiseql.type
class Cat(Animal):
    name: str | None


def test_a_bad_document_fails_no_other_row_of_an_interface(database: str) -> None:
    sql = r"""
        CREATE TABLE animal (id int PRIMARY KEY, data json);
        INSERT INTO animal VALUES (1, '{"kind": "Cat", "name": "a\u0000"}'),
          (2, '{"kind": "Cat", "name": "Tom"}')
    """
    queries = [fraiseql.find("animals", Animal)]
    with served(database, sql, queries=queries, types=[Cat]) as running:
        answer = running.ask("{ animals(orderBy: [{id: ASC}]) { id ... on Cat { name } } }")
        assert answer["data"]["animals"] == [{"id": 1, "name": None}, {"id": 2, "name": "Tom"}]
        (error,) = answer["errors"]
        assert (error["path"], error["extensions"]["code"]) == (
            ["animals", 0, "name"],
            "BAD_DOCUMENT",
        )
