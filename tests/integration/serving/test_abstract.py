"""Interfaces and unions from SQL and inside Python's results."""

from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.repositories import Repository
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE pet (id int PRIMARY KEY, kind text NOT NULL, owner_id int, data jsonb);
CREATE TABLE owner (id int PRIMARY KEY, name text);
CREATE TABLE toy (id int PRIMARY KEY, pet_id int, label text);
CREATE TABLE find (id int PRIMARY KEY, doc json NOT NULL);
INSERT INTO owner VALUES (1, 'Ada');
INSERT INTO pet VALUES
    (1, 'dog', 1, '{"name": "Rex", "barks": true}'),
    (2, 'cat', NULL, '{"name": "Tom", "lives": 9}');
INSERT INTO toy VALUES (1, 1, 'ball'), (2, 1, 'bone'), (3, 2, 'mouse');
INSERT INTO find VALUES (1, '{"is": "dog", "name": "D"}'), (2, '{"is": "stone", "weight": 1.50}');
"""


@fraiseql.type(sql_source="owner")
class Owner:
    id: int
    name: str | None


@fraiseql.type(sql_source="toy")
class Toy:
    id: int
    label: str


@fraiseql.interface(sql_source="pet", jsonb_column="data", discriminator="kind")
class Pet:
    id: int
    name: str
    owner: Owner | None = fraiseql.embed("owner", via="owner_id")
    toys: list[Toy] = fraiseql.embed("toy", on="pet_id", order_by="-id")


@fraiseql.type(tag="dog")
class Dog(Pet):
    barks: bool

    @fraiseql.field(needs=["name", "barks"])
    def says(self) -> str:
        return f"{self.name}: {'wuff' if self.barks else '-'}"


@fraiseql.type(tag="cat")
class Cat(Pet):
    lives: int | None


@fraiseql.type(tag="stone")
class Stone:
    weight: float


@fraiseql.type(tag="dog")
class Drawn:
    name: str


Find = fraiseql.union(
    "Find", [Drawn, Stone], discriminator="is", sql_source="find", jsonb_column="doc"
)


@fraiseql.type
class Home:
    pets: list[Pet]
    owners: list[Owner]


@fraiseql.query
async def home(info: fraiseql.Info) -> Home:
    repo = Repository(info.context["db"], info.context)
    owners = await repo.find("owner")
    return Home(pets=await repo.find("pet", where={"id": {"gt": 0}}), owners=owners)


@fraiseql.query
async def pets_by_python(info: fraiseql.Info) -> list[Pet]:
    return await Repository(info.context["db"], info.context).find("pet", order_by="id")


@fraiseql.query
def built() -> list[Pet]:
    dog = {"kind": "dog", "id": 9, "name": "X", "barks": False, "toys": []}
    return [Cat(id=8, name="New", lives=None), dog]


TYPES = [Dog, Cat]
QUERIES = [
    fraiseql.find("pets", Pet),
    fraiseql.find("finds", Find),
    home,
    pets_by_python,
    built,
]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, types=TYPES, queries=QUERIES) as running:
        yield running


PET = """{ __typename id name owner { name } toys { label }
           ... on Dog { barks says } ... on Cat { lives } }"""


def test_rows_of_an_interface(bench: Served) -> None:
    assert bench.data(f"{{ pets {PET} }}")["pets"] == expected()


def expected() -> list[dict[str, Any]]:
    dog = {"__typename": "Dog", "id": 1, "name": "Rex", "owner": {"name": "Ada"}}
    cat = {"__typename": "Cat", "id": 2, "name": "Tom", "owner": None}
    return [
        {
            **dog,
            "toys": [{"label": "bone"}, {"label": "ball"}],
            "barks": True,
            "says": "Rex: wuff",
        },
        {**cat, "toys": [{"label": "mouse"}], "lives": 9},
    ]


def test_documents_of_an_interface_by_a_resolver(bench: Served) -> None:
    assert bench.data(f"{{ petsByPython {PET} }}")["petsByPython"] == expected()


def test_documents_of_an_interface_inside_an_object(bench: Served) -> None:
    """Their embeds are read as they are asked for, though the field's own type is another."""
    answer = bench.data(f"{{ home {{ pets {PET} owners {{ name }} }} }}")["home"]
    assert answer == {"pets": expected(), "owners": [{"name": "Ada"}]}


def test_objects_created_in_python(bench: Served) -> None:
    answer = bench.data("{ built { __typename id name toys { id } ... on Dog { says } } }")["built"]
    assert answer[0] == {"__typename": "Cat", "id": 8, "name": "New", "toys": []}
    assert answer[1]["says"] == "X: -"


def test_rows_of_a_union_of_json(bench: Served) -> None:
    query = "{ finds { __typename ... on Drawn { name } ... on Stone { weight } } }"
    body = bench.body(query)
    assert b'"weight":1.50' in body
    assert bench.data(query)["finds"] == [
        {"__typename": "Drawn", "name": "D"},
        {"__typename": "Stone", "weight": 1.5},
    ]


def test_fields_of_an_interface_are_compared(bench: Served) -> None:
    query = '{ pets(where: { name: { startsWith: "T" } }, orderBy: [{ name: DESC }]) { id } }'
    assert bench.data(query) == {"pets": [{"id": 2}]}
