"""Repository: reads of resolvers, their selection and their errors."""

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import ConfigurationError, InputError, SourceError
from fraiseql.repositories import Repository
from fraiseql.serving.execution.documents import Document
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE house (id int PRIMARY KEY, street text NOT NULL, sold_at timestamptz, size numeric);
CREATE TABLE room (
    id int PRIMARY KEY, house_id int NOT NULL, hidden boolean, doors text[], data jsonb NOT NULL
);
INSERT INTO house VALUES
    (1, 'Elm', NULL, 10.50), (2, 'Oak', '2024-01-01Z', NULL), (3, 'Ash', NULL, 9);
INSERT INTO room VALUES
    (1, 1, false, '{a}', '{"name": "hall", "area": 12.50, "walls": [{"paint": "red"}]}'),
    (2, 1, true, NULL, '{"name": "cellar", "big": 12345678901234567890.125, "walls": []}'),
    (3, 2, NULL, NULL, '{"name": "attic", "area": null}');
CREATE VIEW loose AS SELECT street, count(*) AS n FROM house GROUP BY street;
"""


@fraiseql.type
class Wall:
    paint: str | None


@fraiseql.type(sql_source="room", jsonb_column="data")
class Room:
    id: int
    name: str
    area: Decimal | None
    big: Decimal | None
    walls: list[Wall] | None

    @fraiseql.field(needs=["name"])
    def loud(self) -> str:
        return self.name.upper()


@fraiseql.type(sql_source="house")
class House:
    id: int
    street: str
    size: Decimal | None
    rooms: list[Room] = fraiseql.embed("room", on="house_id", order_by="id")


@fraiseql.type(sql_source="loose")
class Loose:
    street: str


@fraiseql.type
class Tour:
    title: str
    house: House | None
    rooms: list[Room]


Inside = fraiseql.union("Inside", [Room, Wall])


def repository(info: fraiseql.Info) -> Repository:
    return Repository(info.context["db"], info.context)


@fraiseql.query
async def house(info: fraiseql.Info, id: int) -> House | None:  # noqa: A002
    return await repository(info).find_one("house", id=id)


@fraiseql.query
async def rooms(info: fraiseql.Info, wait: float = 0) -> list[Room]:
    await asyncio.sleep(wait)
    rows = await repository(info).find("room", order_by="id")
    await asyncio.sleep(wait)
    return rows


@fraiseql.query
async def tour(info: fraiseql.Info) -> Tour:
    """Documents of other types, inside a declared object."""
    repo = repository(info)
    first = await repo.find_one("house", street="Elm")
    rows = await repo.find("room", house_id=first["id"])
    return Tour(title=first["street"] + " tour", house=first, rooms=rows)


@fraiseql.query
async def tour_as_dict(info: fraiseql.Info) -> Tour:
    repo = repository(info)
    rows = await repo.find("room", where={"house_id": 1})
    return {"title": "dict", "house": await repo.find_one("house", id=1), "rooms": rows}


@fraiseql.query
async def names(info: fraiseql.Info) -> list[str]:
    """Documents of another type than the field's contain all stored fields."""
    rows = await repository(info).find("room", where={"hidden": None})
    return [room["name"] for room in rows]


@fraiseql.query
async def inside(info: fraiseql.Info) -> list[Inside]:
    """One member of a union."""
    return await repository(info).find("room", order_by="id", limit=2)


@fraiseql.query
async def counted(info: fraiseql.Info, where: fraiseql.Where[House] | None = None) -> int:
    return await repository(info).count("house", where=where)


@fraiseql.query
async def sorted_houses(
    info: fraiseql.Info, order_by: fraiseql.OrderBy[House] | None = None
) -> list[House]:
    return await repository(info).find("house", order_by=order_by)


QUERIES = [house, rooms, tour, tour_as_dict, names, inside, counted, sorted_houses]
QUERIES += [fraiseql.find("houses", House), fraiseql.find("loose", Loose)]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        yield running


@pytest.fixture
def repo(bench: Served) -> Repository:
    context = bench.service.context()
    return Repository(context["db"], context)


def test_find_by_values_lists_and_null(bench: Served, repo: Repository) -> None:
    def ids(**arguments: Any) -> list[int]:
        return [rows["id"] for rows in bench.run(repo.find("house", **arguments))]

    assert ids() == [1, 2, 3]
    assert ids(where={"sold_at": None}) == [1, 3]
    assert ids(sold_at=None, street="Ash") == [3]
    assert ids(where={"street": ["Elm", "Oak"]}, id=2) == [2]
    assert ids(where={"size": {"gt": 9.5}}) == [1]
    assert ids(where={"size": Decimal("9.0")}) == [3]
    assert ids(order_by="-street", limit=2) == [2, 1]
    assert ids(order_by=["sold_at", "-id"], offset=1) == [3, 1]
    assert ids(where={"street": ("Elm",)}) == ids(where={"street": {"Elm"}}) == [1]


def test_find_one_takes_the_first_by_key(bench: Served, repo: Repository) -> None:
    assert bench.run(repo.find_one("house", sold_at=None))["id"] == 1
    assert bench.run(repo.find_one("house", where={"street": "Elm"}, id=3)) is None
    assert bench.run(repo.find_one("house", id=99)) is None


def test_count_and_exists(bench: Served, repo: Repository) -> None:
    assert bench.run(repo.count("house")) == 3
    assert bench.run(repo.count("house", where={"sold_at": None})) == 2
    assert bench.run(repo.count("house", id=[1, 2])) == 2
    assert bench.run(repo.exists("house", id=1)) is True
    assert bench.run(repo.exists("house", where={"id": {"gt": 3}})) is False


def test_columns_that_no_field_declares_can_be_compared(bench: Served, repo: Repository) -> None:
    rows = bench.run(repo.find("room", where={"hidden": False}, order_by="house_id"))
    assert [room["name"] for room in rows] == ["hall"]


@pytest.mark.parametrize(
    ("where", "code", "text"),
    [
        ({"stret": "Elm"}, "UNKNOWN_FIELD", "Did you mean 'street'?"),
        ({"rooms": None}, "BAD_USER_INPUT", "rooms is a list, which cannot be null"),
        ({"rooms": 1}, "UNKNOWN_FIELD", "no field 'rooms'"),
        ({"street": {"equals": "Elm"}}, "UNKNOWN_OPERATOR", "'equals'"),
        ({"street": {"start_with": "E"}}, "UNKNOWN_OPERATOR", "Did you mean 'starts_with'?"),
        ({"size": {"contains": "1"}}, "BAD_USER_INPUT", "contains compares text"),
        ({"size": "large"}, "BAD_USER_INPUT", "'large' cannot be compared with size"),
        ({"id": 1.5}, "BAD_USER_INPUT", "1.5 cannot be compared with id, which is an integer."),
        ({"id": True}, "BAD_USER_INPUT", "True cannot be compared"),
        ({"id": 1 << 70}, "BAD_USER_INPUT", "cannot be compared with id"),
        ({"size": float("nan")}, "BAD_USER_INPUT", "nan cannot be compared"),
        ({"id": [1, None]}, "BAD_USER_INPUT", "cannot be compared"),
        ({"id": {"in": 1}}, "BAD_USER_INPUT", "in of house.id takes a list."),
        ({"id": {"gt": None}}, "BAD_USER_INPUT", "cannot compare with null"),
        ({"id": {"gt": [1]}}, "BAD_USER_INPUT", "takes one value"),
        ({"id": {"is_null": "yes"}}, "BAD_USER_INPUT", "takes true or false"),
        ({"or": "x"}, "BAD_USER_INPUT", "takes a list of mappings"),
        ({"or": ["x"]}, "BAD_USER_INPUT", ""),
        ({"not": "x"}, "BAD_USER_INPUT", "must be a mapping"),
        ({"sold_at": "yesterday"}, "BAD_USER_INPUT", "an instant (ISO 8601)"),
        ({"street": b"Elm"}, "BAD_USER_INPUT", "which is text"),
    ],
)
def test_a_condition_that_cannot_be_is_said(
    bench: Served, repo: Repository, where: dict[str, Any], code: str, text: str
) -> None:
    with pytest.raises(InputError) as caught:
        bench.run(repo.find("house", where=where))
    assert caught.value.code == code
    assert text in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"where": {"doors": ["a"]}}, "room.doors holds a list: only is_null compares it."),
        ({"where": {"data": "{}"}}, "room.data holds JSON: only is_null compares it."),
        ({"where": {"walls": None}}, "no field 'walls'"),
        ({"order_by": "doors"}, "holds a list: it gives no order."),
        ({"order_by": "-data"}, "holds JSON: it gives no order."),
        ({"order_by": "nmae"}, "Did you mean 'name'?"),
        ({"where": {"loud": "HALL"}}, "no field 'loud'"),
    ],
)
def test_lists_json_and_computed_fields_are_not_compared(
    bench: Served, repo: Repository, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(InputError) as caught:
        bench.run(repo.find("room", **arguments))
    assert text in caught.value.message


def test_null_can_be_asked_of_every_column(bench: Served, repo: Repository) -> None:
    for name in ("doors", "data"):
        bench.run(repo.count("room", where={name: {"is_null": False}}))
    assert bench.run(repo.count("room", doors=None)) == 2


def test_a_relation_that_no_type_declares(bench: Served, repo: Repository) -> None:
    with pytest.raises(SourceError, match=r"sql_source='hous'\. Did you mean 'house'\?"):
        bench.run(repo.find("hous"))


def test_a_context_without_a_request() -> None:
    with pytest.raises(ConfigurationError, match="needs the context of a request"):
        Repository(None, {})


def test_a_relation_without_a_key_has_no_ties_to_break(bench: Served, repo: Repository) -> None:
    rows = bench.run(repo.find("loose", order_by="-street"))
    assert [row["street"] for row in rows] == ["Oak", "Elm", "Ash"]


def test_a_document_is_a_mapping_of_what_was_read(bench: Served, repo: Repository) -> None:
    (room,) = bench.run(repo.find("room", id=1))
    assert isinstance(room, Document)
    assert dict(room) == {"id": 1, "name": "hall", "area": 12.5, "walls": [{"paint": "red"}]}
    assert (len(room), list(room), "name" in room, room.get("nothing")) == (
        4,
        ["area", "name", "walls", "id"],
        True,
        None,
    )
    with pytest.raises(KeyError):
        room["nothing"]
    assert b"12.50" in room.raw


SELECTED = "{ id name area walls { paint } loud }"


def test_the_selection_of_the_field_decides_what_is_read(bench: Served) -> None:
    inner = f"{{ street rooms {SELECTED} }}"
    rows = bench.data(f"{{ house(id: 1) {inner} houses(limit: 1) {inner} }}")
    assert rows["house"] == rows["houses"][0]
    assert rows["house"]["rooms"][0]["loud"] == "HALL"


def test_documents_inside_other_answers_are_rendered_alike(bench: Served) -> None:
    """Documents of a type that is not the field's own stand inside objects, dicts, unions."""
    inner = f"{{ title house {{ street size }} rooms {SELECTED} }}"
    body = bench.body(f"{{ tour {inner} tourAsDict {inner} rooms {SELECTED} }}")
    rows = json.loads(body, parse_float=Decimal)["data"]
    expected = [room for room in rows["rooms"] if room["id"] < 3]
    assert rows["tour"]["rooms"] == expected
    assert rows["tour"]["house"] == {"street": "Elm", "size": Decimal("10.50")}
    assert rows["tourAsDict"] == {**rows["tour"], "title": "dict"}
    assert b"12.50" in body


def test_numbers_in_inner_documents_keep_their_digits(bench: Served) -> None:
    body = bench.body("{ tour { rooms { big } } }")
    assert body == b'{"data":{"tour":{"rooms":[{"big":null},{"big":12345678901234567890.125}]}}}'


def test_a_document_of_one_member_of_a_union(bench: Served) -> None:
    rows = bench.data("{ inside { __typename ... on Room { id name walls { paint } loud } } }")
    assert rows["inside"] == [
        {
            "__typename": "Room",
            "id": 1,
            "name": "hall",
            "walls": [{"paint": "red"}],
            "loud": "HALL",
        },
        {"__typename": "Room", "id": 2, "name": "cellar", "walls": [], "loud": "CELLAR"},
    ]


def test_another_types_documents_hold_every_stored_field(bench: Served) -> None:
    assert bench.data("{ names }") == {"names": ["attic"]}


def test_inputs_reach_the_repository_as_they_are(bench: Served) -> None:
    query = "query ($w: HouseWhere) { counted(where: $w) }"
    assert bench.data(query, {"w": {"street": {"startsWith": "A"}}}) == {"counted": 1}
    assert bench.data(query, {"w": {"or": [{"id": {"lt": 2}}, {"not": {"id": {"lte": 2}}}]}}) == {
        "counted": 2
    }
    assert bench.data(query) == bench.data(query, {"w": None}) == {"counted": 3}
    query = "query ($o: [HouseOrderBy!]) { sortedHouses(orderBy: $o) { id } }"
    rows = bench.data(query, {"o": [{"size": "DESC"}]})["sortedHouses"]
    assert [row["id"] for row in rows] == [2, 1, 3]


def test_selections_of_concurrent_resolvers_stay_apart(bench: Served) -> None:
    query = """{
      a: rooms(wait: 0.05) { id } b: rooms(wait: 0.02) { name walls { paint } } c: rooms { area }
    }"""
    other = "{ rooms(wait: 0.03) { loud id } }"

    async def together() -> list[bytes]:
        return await asyncio.gather(*(bench.respond(q) for q in [query, other] * 5))

    alone = [bench.body(query), bench.body(other)]
    assert bench.run(together()) == alone * 5
    assert json.loads(alone[0])["data"]["b"][0] == {"name": "hall", "walls": [{"paint": "red"}]}


def test_errors_of_a_repository_are_errors_of_the_field(bench: Served) -> None:
    error = bench.error(
        'query { counted(where: { size: { gt: 1 } , street: { eq: "a\\u0000b" } }) }'
    )
    assert error["path"] == ["counted"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
