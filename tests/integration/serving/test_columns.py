"""Fields that are read from columns with other names."""

from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql import Projection
from fraiseql.errors import DeclarationError, SourceError
from fraiseql.repositories import Repository
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE "Person" ("personId" int PRIMARY KEY, "firstName" text NOT NULL, first_name text,
  "teamId" int NOT NULL, "select" int NOT NULL, "a ""b" text, doc jsonb NOT NULL,
  kind text NOT NULL);
INSERT INTO "Person" VALUES
  (1, 'Ada', 'wrong', 7, 10, 'x', '{"note": "n1", "first_name": "wrong"}', 'Person'),
  (2, 'Bob', 'wrong', 7, 20, 'y', '{"note": "n2"}', 'Person');
CREATE TABLE "Team" ("teamId" int PRIMARY KEY, "teamName" text NOT NULL);
INSERT INTO "Team" VALUES (7, 'Seven');
"""


@fraiseql.type
class Team:
    name: str = fraiseql.field(column="teamName")


@fraiseql.type(sql_source="Person", jsonb_column="doc")
class Person:
    id: int = fraiseql.field(column="personId")
    first_name: str = fraiseql.field(column="firstName")
    select_: int = fraiseql.field(column="select", name="chosen")
    quoted: str | None = fraiseql.field(column='a "b')
    note: str
    team: Team | None = fraiseql.embed("Team", via="teamId")
    mates: list["Mate"] = fraiseql.embed("Person", on="teamId", parent_key="teamId", order_by="-id")

    @fraiseql.field(needs=["first_name"])
    def greeting(self) -> str:
        return f"Hello {self.first_name}"

    @fraiseql.field
    def everything(self) -> str:
        return f"{self.id} {self.first_name} {self.select_} {self.quoted} {self.note}"


@fraiseql.type
class Mate:
    id: int = fraiseql.field(column="personId")
    name: str = fraiseql.field(column="firstName")


@fraiseql.query
async def by_python(info: fraiseql.Info) -> list[Person]:
    return await Repository(info.context["db"], info.context).find(
        "Person", where={"first_name": {"neq": "Ada"}}, order_by=["-first_name"]
    )


TYPES = [Mate]
QUERIES = [
    fraiseql.find("people", Person, by="first_name", order_by="-first_name"),
    fraiseql.find_one("person", Person, by="id"),
    fraiseql.find("adas", Person, where={"first_name": "Ada"}),
    by_python,
]


@pytest.fixture(scope="module")
def running(database: str) -> Iterator[Served]:
    with served(database, TABLES, types=TYPES, queries=QUERIES) as application:
        yield application


def test_it_is_read_filtered_and_ordered_by_that_column(running: Served) -> None:
    everything = "{ id firstName chosen quoted note }"
    ada = {"id": 1, "firstName": "Ada", "chosen": 10, "quoted": "x", "note": "n1"}
    bob = {"id": 2, "firstName": "Bob", "chosen": 20, "quoted": "y", "note": "n2"}
    assert running.data(f"{{ people {everything} }}") == {"people": [bob, ada]}
    assert running.data(f"{{ person(id: 1) {everything} }}") == {"person": ada}
    assert running.data(f'{{ people(firstName: "Bob") {everything} }}') == {"people": [bob]}
    for where in ('firstName: {startsWith: "A"}', "id: {lt: 2}", "chosen: {eq: 10}"):
        assert running.data(f"{{ people(where: {{{where}}}) {everything} }}") == {"people": [ada]}
    order = "{ people(orderBy: [{chosen: ASC}]) { id } }"
    assert running.data(order) == {"people": [{"id": 1}, {"id": 2}]}
    assert running.data("{ adas { firstName } }") == {"adas": [{"firstName": "Ada"}]}


def test_one_field_is_read_under_several_names(running: Served) -> None:
    query = (
        "{ person(id: 1) { a: firstName b: firstName id ...F } } fragment F on Person { firstName }"
    )
    expected = {"a": "Ada", "b": "Ada", "id": 1, "firstName": "Ada"}
    assert running.data(query) == {"person": expected}


def test_embeds_read_it_too(running: Served) -> None:
    query = "{ person(id: 1) { team { name } mates { id name } } }"
    assert running.data(query) == {
        "person": {
            "team": {"name": "Seven"},
            "mates": [{"id": 2, "name": "Bob"}, {"id": 1, "name": "Ada"}],
        }
    }


def test_python_reads_it_by_the_name_of_the_field(running: Served) -> None:
    assert running.data("{ person(id: 1) { greeting everything } }") == {
        "person": {"greeting": "Hello Ada", "everything": "1 Ada 10 x n1"}
    }
    assert running.data("{ byPython { id firstName greeting note } }") == {
        "byPython": [{"id": 2, "firstName": "Bob", "greeting": "Hello Bob", "note": "n2"}]
    }


def test_an_unknown_column_is_said_at_the_start(running: Served) -> None:
    @fraiseql.type(sql_source="Person", jsonb_column="doc")
    class Other:
        first_name: str = fraiseql.field(column="firstname")

    queries = [fraiseql.find("others", Other)]
    with pytest.raises(SourceError) as caught, served(running.url, queries=queries):
        pass
    assert "column='firstname', no column of public.Person" in str(caught.value)
    assert "Did you mean 'first_name'?" in str(caught.value)


def test_the_type_is_compared_with_that_column(running: Served) -> None:
    @fraiseql.type(sql_source="Person")
    class Other:
        first_name: int = fraiseql.field(column="firstName")

    queries = [fraiseql.find("others", Other)]
    said = pytest.raises(SourceError, match=r"public\.Person\.firstName is text")
    with said, served(running.url, queries=queries):
        pass


def declared(*fields: Any) -> None:
    """Declare a union of two types of which each has one more field."""
    types = [
        fraiseql.type(type(name, (), {"__annotations__": {"id": int, key: str}, key: value}))
        for name, (key, value) in zip(("First", "Second"), fields, strict=True)
    ]
    union = fraiseql.union("Both", types, sql_source="Person", discriminator="kind")
    fraiseql.create_app(queries=[fraiseql.find("both", union)])


def test_types_that_share_rows_read_one_name_from_one_column() -> None:
    column = fraiseql.field(column="firstName")
    declared(("name", column), ("name", fraiseql.field(column="firstName")))
    with pytest.raises(DeclarationError, match="are read from different columns"):
        declared(("name", fraiseql.field(column="firstName")), ("name", fraiseql.field()))
    with pytest.raises(DeclarationError, match="that of the discriminator"):
        declared(("kind", fraiseql.field(column="a")), ("other", fraiseql.field()))


def stored() -> None:
    @fraiseql.type(sql_source="Person", stored=Projection(embeds=()))
    class Kept:
        id: int = fraiseql.field(column="personId")

    fraiseql.create_app(queries=[fraiseql.find("kept", Kept)])


def stored_below() -> None:
    @fraiseql.type(sql_source="Person", stored=Projection())
    class Kept:
        kind: str
        mates: list[Mate] = fraiseql.embed("Person", on="teamId", parent_key="teamId")

    fraiseql.create_app(queries=[fraiseql.find("kept", Kept)])


def in_an_input() -> None:
    @fraiseql.input
    class Given:
        id: int = fraiseql.field(column="personId")


def computed() -> None:
    @fraiseql.type
    class Thing:
        id: int

        @fraiseql.field(needs=["id"], column="x")  # type: ignore[call-overload,untyped-decorator]
        def name(self) -> str:
            return ""


@pytest.mark.parametrize("declare", [stored, stored_below, in_an_input, computed])
def test_where_it_cannot_be_had_it_is_refused_by_name(declare: Any) -> None:
    with pytest.raises(DeclarationError, match="column"):
        declare()
