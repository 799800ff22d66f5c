"""Rights of requests: how checks are called, and places of which no answer may tell."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import ConfigurationError, FraiseQLError
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE animal (id int PRIMARY KEY, kind text NOT NULL, name text NOT NULL, price int);
INSERT INTO animal VALUES (1, 'dog', 'Rex', 5), (2, 'cat', 'Tom', 7);
"""


def may(name: str) -> Any:
    """Return a check by the context's ``rights``, which may be an exception or any value."""

    def check(context: Mapping[str, Any]) -> Any:
        outcome = context["rights"]
        if isinstance(outcome, Exception):
            raise outcome
        return name in outcome if isinstance(outcome, str) else outcome

    return check


@fraiseql.interface(sql_source="animal", discriminator="kind")
class Animal:
    id: int
    name: str


@fraiseql.type(tag="dog")
class Dog(Animal):
    price: int | None


@fraiseql.type(tag="cat", requires=may("cat"))
class Cat(Animal):
    price: int | None


@fraiseql.type(sql_source="animal")
class Pet:
    id: int
    price: int | None = fraiseql.field(requires=may("price"))
    secret: str | None = fraiseql.field(column="name", requires=may("secret"))


@fraiseql.input
class Search:
    where: fraiseql.Where[Pet] | None = None
    orders: list[fraiseql.OrderBy[Pet]] | None = None


@fraiseql.query
def searched(search: Search) -> str:
    """Return what it was asked."""
    return f"{search.where} {search.orders}"


@fraiseql.query
def selected(info: fraiseql.Info) -> Pet:
    """Return an object, and note the names that were selected."""
    info.context["selected"] += info.selection
    return Pet(id=1, price=2, secret=None)


@fraiseql.query
async def counted(info: fraiseql.Info) -> int:
    return await info.context["db"].fetchval("SELECT count(*)::int FROM animal")


async def in_database(context: Mapping[str, Any]) -> bool:
    return await context["db"].fetchval("SELECT count(*) = 2 FROM animal")


@pytest.fixture(scope="module")
def pets(database: str) -> Iterator[Served]:
    queries = [
        fraiseql.find("animals", Animal),
        fraiseql.find("pets", Pet),
        fraiseql.find("checked", Pet, requires=in_database),
        searched,
        selected,
        counted,
    ]
    with served(database, TABLES, types=[Dog, Cat], queries=queries) as running:
        yield running


def codes(answer: Mapping[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


FILTERED = "query ($search: Search!) { searched(search: $search) }"
PARTS = [
    {"where": {"price": {"gt": 1}}},
    {"where": {"and": [{"not": {"or": [{"price": None}]}}]}},
    {"orders": [[{"id": "ASC"}, {"price": "DESC"}]]},
]


@pytest.mark.parametrize("search", PARTS)
def test_a_filter_inside_of_an_input_needs_the_right(pets: Served, search: Any) -> None:
    """Plans are cached: an allowed value of the variable comes before and after."""
    harmless = {"where": {"id": {"gt": 1}}, "orders": [[{"id": "ASC"}]]}
    for variables, expected in ((harmless, []), (search, ["FORBIDDEN"]), (harmless, [])):
        answer = pets.ask(FILTERED, {"search": variables}, context={"rights": ""})
        assert codes(answer) == expected
    assert codes(pets.ask(FILTERED, {"search": search}, context={"rights": "price"})) == []


def test_the_error_names_the_place(pets: Served) -> None:
    answer = pets.ask("{ pets(limit: 1) { price } }", context={"rights": ""})
    (error,) = answer["errors"]
    assert error["message"] == "The request may not use Pet.price."
    assert error["path"] == ["pets", 0, "price"]
    answer = pets.ask("{ pets(where: {price: {gt: 1}}) { id } }", context={"rights": ""})
    assert answer["errors"][0]["message"] == "The request may not compare or order by Pet.price."


@pytest.mark.parametrize(
    "arguments", ['where: {name: {eq: "Tom"}}', "orderBy: {name: ASC}", "where: {id: {eq: 2}}"]
)
def test_comparing_by_an_interface_needs_the_rights_of_its_types(
    pets: Served, arguments: str
) -> None:
    query = f"{{ animals({arguments}) {{ id }} }}"
    assert codes(pets.ask(query, context={"rights": ""})) == ["FORBIDDEN"]
    assert codes(pets.ask(query, context={"rights": "cat"})) == []


def test_an_object_of_a_denied_type_is_an_error(pets: Served) -> None:
    answer = pets.ask("{ animals(limit: 1) { name } }", context={"rights": ""})
    assert answer == {"data": {"animals": [{"name": "Rex"}]}}
    answer = pets.ask("{ animals { name } }", context={"rights": ""})
    assert answer["data"] is None
    assert codes(answer) == ["FORBIDDEN"]


def test_resolvers_do_not_see_denied_names(pets: Served) -> None:
    for rights, names in (("", ["id"]), ("price", ["id", "price"])):
        context: dict[str, Any] = {"rights": rights, "selected": []}
        pets.ask("{ selected { id price } }", context=context)
        assert sorted(name for name in context["selected"]) == names


def test_a_skipped_field_needs_no_right(pets: Served) -> None:
    query = "query ($no: Boolean!) { pets { id price @include(if: $no) } }"
    assert codes(pets.ask(query, {"no": False}, context={"rights": ""})) == []
    assert set(codes(pets.ask(query, {"no": True}, context={"rights": ""}))) == {"FORBIDDEN"}


def test_a_check_may_ask_the_database(pets: Served) -> None:
    assert codes(pets.ask("{ checked { id } }", context={"rights": ""})) == []
    pets.execute("INSERT INTO animal VALUES (3, 'dog', 'Ada', 1)")
    try:
        assert codes(pets.ask("{ checked { id } }", context={"rights": ""})) == ["FORBIDDEN"]
    finally:
        pets.execute("DELETE FROM animal WHERE id = 3")


def test_checks_of_other_fields_are_not_called(pets: Served) -> None:
    context = {"rights": ValueError("not asked")}
    assert pets.data("{ pets(limit: 1) { id } }", context=context) == {"pets": [{"id": 1}]}


@pytest.mark.parametrize("outcome", [None, 1, [True]])
def test_an_outcome_that_is_no_bool_fails_the_request(pets: Served, outcome: Any) -> None:
    with pytest.raises(ConfigurationError, match="not a bool"):
        pets.ask("{ pets { price } }", context={"rights": outcome})


def test_an_error_of_a_check_fails_the_request(pets: Served) -> None:
    with pytest.raises(ValueError, match="away"):
        pets.ask("{ pets { price } }", context={"rights": ValueError("away")})
    error = FraiseQLError("Log in.", code="UNAUTHENTICATED")
    with pytest.raises(FraiseQLError, match="Log in"):
        pets.ask("{ pets { price } }", context={"rights": error})


def test_a_column_of_another_name_is_not_read(pets: Served) -> None:
    answer = pets.ask("{ pets(limit: 1) { id secret } }", context={"rights": ""})
    assert answer["data"] == {"pets": [{"id": 1, "secret": None}]}
    assert codes(answer) == ["FORBIDDEN"]
