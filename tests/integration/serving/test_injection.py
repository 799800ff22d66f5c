"""Texts that try to break out of a statement stay values."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import InputError, SourceError
from fraiseql.repositories import Repository
from tests.integration.serving.served import Served, served

ATTACKS = [
    "x'; DROP TABLE victim; --",
    "x' OR '1'='1",
    'x"; DROP TABLE victim; --',
    "\\'; DROP TABLE victim; --",
    "$1; DROP TABLE victim",
    "$$; DROP TABLE victim; $$",
    "/* */ UNION SELECT secret FROM vault --",
    "x') UNION SELECT secret FROM vault --",
    "%s %(x)s {0} {x} \\x27 \u02bc\uff07",
    "E'\\047",
    "U&'\\0027'",
    "id) FROM vault; --",
    "1; SELECT pg_sleep(9)",
]

TABLES = """
CREATE TABLE vault (secret text);
INSERT INTO vault VALUES ('the secret');
CREATE TABLE victim (id int PRIMARY KEY, name text, data jsonb NOT NULL DEFAULT '{}');
INSERT INTO victim (id, name, data) VALUES (1, 'one', '{"note": "first"}'), (2, 'two', '{}');
CREATE SCHEMA "Odd ""Schema"" x";
CREATE TABLE "Odd ""Schema"" x"."Wéird 'Table'; --" (
    "Id" int PRIMARY KEY, "naïve" text, "select" text, "data'; --" jsonb NOT NULL
);
INSERT INTO "Odd ""Schema"" x"."Wéird 'Table'; --" VALUES (1, 'a', 'b', '{"from": "c"}');
CREATE TABLE "Child" (id int PRIMARY KEY, "Parent""Id" int, "ORDER" int);
INSERT INTO "Child" VALUES (1, 1, 5), (2, 1, 9);
"""


@fraiseql.type(sql_source="victim", jsonb_column="data")
class Victim:
    id: int
    name: str | None
    note: str | None


@fraiseql.type(sql_source="Child")
class Child:
    id: int
    ORDER: int


@fraiseql.type(sql_source="Odd \"Schema\" x.Wéird 'Table'; --", jsonb_column="data'; --", key="Id")
class Odd:
    Id: int
    select: str
    select_: str | None
    children: list[Child] = fraiseql.embed("Child", on='Parent"Id', order_by="-ORDER")


@fraiseql.query
async def seen(info: fraiseql.Info, variable: str) -> str | None:
    return await info.context["db"].fetchval("SELECT current_setting($1, true)", variable)


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    queries = [
        fraiseql.find_one("victim", Victim, by="name"),
        fraiseql.find("victims", Victim, by=("name", "note")),
        fraiseql.find("odd", Odd),
        seen,
    ]
    with served(database, TABLES, queries=queries) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_happened(bench: Served) -> Iterator[None]:
    yield
    assert bench.data("{ victims { id name } }") == {
        "victims": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]
    }


def repository(bench: Served) -> Repository:
    context = bench.service.context()
    return Repository(context["db"], context)


@pytest.mark.parametrize("attack", ATTACKS)
def test_arguments_are_values(bench: Served, attack: str) -> None:
    query = """
    query ($text: String!, $texts: [String!], $where: VictimWhere) {
      one: victim(name: $text) { id }
      equal: victims(name: $text) { id }
      key: victims(note: $text) { id }
      column: victims(where: { name: { eq: $text } }) { id }
      document: victims(where: { note: { eq: $text } }) { id }
      like: victims(where: { name: { startsWith: $text } }) { id }
      contained: victims(where: { note: { contains: $text } }) { id }
      listed: victims(where: { name: { in: $texts } }) { id }
      whole: victims(where: $where) { id }
    }
    """
    where = {"or": [{"name": {"eq": attack}}, {"note": {"ilike": attack}}]}
    data = bench.data(query, {"text": attack, "texts": [attack, attack], "where": where})
    assert data.pop("one") is None
    assert set(map(len, data.values())) == {0}


@pytest.mark.parametrize("attack", ATTACKS)
def test_stored_texts_are_found_again(bench: Served, attack: str) -> None:
    bench.fetch(
        "INSERT INTO victim VALUES (3, $1::text, jsonb_build_object('note', $1::text))", attack
    )
    query = "query ($w: VictimWhere) { victims(where: $w) { id name note } }"
    try:
        for where in (
            {"name": {"eq": attack}},
            {"note": {"in": [attack]}},
            {"name": {"contains": attack[1:]}},
            {"note": {"endsWith": attack[1:]}},
        ):
            data = bench.data(query, {"w": where})["victims"]
            assert data == [{"id": 3, "name": attack, "note": attack}]
    finally:
        bench.execute("DELETE FROM victim WHERE id = 3")


@pytest.mark.parametrize("attack", [*ATTACKS, "name; --", 'name" = name --', "--name", "secret"])
def test_names_of_fields_are_looked_up(bench: Served, attack: str) -> None:
    repo = repository(bench)
    for where in ({attack: "x"}, {"not": {attack: None}}, {"or": [{attack: {"eq": 1}}]}):
        with pytest.raises(InputError) as caught:
            bench.run(repo.find("victim", where=where))
        assert caught.value.code == "UNKNOWN_FIELD"
    for order in (attack, ["id", attack], "--" + attack):
        with pytest.raises(InputError) as caught:
            bench.run(repo.find("victim", order_by=order))
        assert caught.value.code == "UNKNOWN_FIELD"


@pytest.mark.parametrize("attack", [*ATTACKS, "= name OR 1 =", "eq; --", "EQ", ""])
def test_names_of_operators_are_looked_up(bench: Served, attack: str) -> None:
    with pytest.raises(InputError) as caught:
        bench.run(repository(bench).find("victim", where={"name": {attack: "x"}}))
    assert caught.value.code == "UNKNOWN_OPERATOR"


@pytest.mark.parametrize("attack", [*ATTACKS, "vault", "victim; --", "pg_catalog.pg_shadow"])
def test_only_declared_relations_are_read(bench: Served, attack: str) -> None:
    with pytest.raises(SourceError, match="No type is declared with sql_source="):
        bench.run(repository(bench).find(attack))


@pytest.mark.parametrize("bad", ["1; DROP TABLE victim", "ALL", 1.5, True, -1, [1], {"a": 1}])
def test_limits_are_numbers(bench: Served, bad: Any) -> None:
    for name in ("limit", "offset"):
        with pytest.raises(InputError, match=f"{name} must be a whole number"):
            bench.run(repository(bench).find("victim", **{name: bad}))
        answer = bench.ask(f"query ($n: Int) {{ victims({name}: $n) {{ id }} }}", {"n": bad})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("attack", ATTACKS)
def test_values_of_session_variables_are_values(bench: Served, attack: str) -> None:
    query = 'query { seen(variable: "app.name") }'
    context = {"session": {"app.name": attack}}
    assert bench.data(query, context=context) == {"seen": attack}


@pytest.mark.parametrize(
    "context",
    [
        *({"session": {attack: "x"}} for attack in ATTACKS),
        {"session": {"role": "postgres"}},
        {"session": {"statement_timeout": "0"}},
        {"session": {"app.name": 1}},
        {"session": {"app.name": "a\0b"}},
        {"role": ""},
        {"role": "a\0b"},
        {"role": "none"},
        {"role": "postgres"},
    ],
)
def test_session_variables_of_a_bad_form_are_refused(
    bench: Served, context: dict[str, Any]
) -> None:
    with pytest.raises(InputError):
        bench.ask("{ victims { id } }", context=context)


@pytest.mark.parametrize("attack", [*ATTACKS, "none; --", "nobody of this name"])
def test_names_of_roles_are_values(bench: Served, attack: str) -> None:
    error = bench.error("{ victims { id } }", context={"role": attack})
    assert error["message"] == "The role or a session variable of the request cannot be set."
    assert error["extensions"]["code"] == "DATABASE_ERROR"


def test_declared_names_of_any_form_are_quoted(bench: Served) -> None:
    arguments = 'where: { select: { eq: "b" } }, orderBy: [{ Id: DESC }]'
    query = f"{{ odd({arguments}) {{ Id children {{ ORDER }} }} }}"
    assert bench.data(query) == {"odd": [{"Id": 1, "children": [{"ORDER": 9}, {"ORDER": 5}]}]}
    rows = bench.run(repository(bench).find("Odd \"Schema\" x.Wéird 'Table'; --", naïve="a"))
    assert [row["select"] for row in rows] == ["b"]


def test_a_text_with_a_nul_character_is_refused(bench: Served) -> None:
    query = "query ($t: String!) { victims(name: $t) { id } }"
    error = bench.error(query, {"t": "a\0b"})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "which is text" in error["message"]


def test_a_lone_surrogate_is_refused(bench: Served) -> None:
    query = "query ($t: String!) { victims(name: $t) { id } }"
    error = bench.error(query, {"t": "a\ud800b"})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_attacks_do_not_meet_in_one_plan(bench: Served) -> None:
    """Plans are cached by signature: values of concurrent requests are separate."""

    async def both() -> list[bytes]:
        query = "query ($w: VictimWhere) { victims(where: $w) { id } }"
        wheres = [{"name": {"eq": "one"}}, {"name": {"eq": "two"}}] * 20
        return await asyncio.gather(*(bench.respond(query, {"w": where}) for where in wheres))

    bodies = bench.run(both())
    assert (
        bodies
        == [
            b'{"data":{"victims":[{"id":1}]}}',
            b'{"data":{"victims":[{"id":2}]}}',
        ]
        * 20
    )
