"""A schema with every kind of type and argument that a validation rule is about."""

from enum import Enum
from typing import Any, Final

import fraiseql

TABLES: Final = """
CREATE TABLE owner (id int PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE toy (id int PRIMARY KEY, owner_id int NOT NULL, label text);
INSERT INTO owner VALUES (1, 'Ada'), (2, 'Alan');
INSERT INTO toy VALUES (1, 1, 'ball'), (2, 1, NULL);
"""
executed: Final[list[str]] = []
"""Names of the root fields that Python has executed."""


@fraiseql.enum
class Mood(Enum):
    GLAD = "glad"
    SAD = "sad"


@fraiseql.interface
class Being:
    name: str


@fraiseql.type
class Dog(Being):
    volume: int | None = None
    near: "Being | None" = None

    @fraiseql.field
    def barks(self, loud: bool = False) -> bool:
        return loud

    @fraiseql.field
    def obeys(self, command: str) -> bool:
        return command == "sit"


@fraiseql.type
class Cat(Being):
    volume: str | None = None
    lives: int | None = None


@fraiseql.type
class Rock:
    weight: float


Thing = fraiseql.union("Thing", [Dog, Rock])


@fraiseql.type(sql_source="toy")
class Toy:
    id: int
    label: str | None


@fraiseql.type(sql_source="owner", writes=fraiseql.Writes(create=["id", "name"], delete=True))
class Owner:
    id: int
    name: str
    toys: list[Toy] = fraiseql.embed("toy", on="owner_id", order_by="id")


@fraiseql.input
class PetInput:
    name: str
    age: int | None = None
    mood: Mood = Mood.GLAD
    tags: list[str] | None = None
    inner: "PetInput | None" = None


@fraiseql.query
def echo(
    text: str,
    *,
    times: int = 1,
    mood: Mood | None = None,
    pet: PetInput | None = None,
    ratio: float | None = None,
    ident: fraiseql.ID | None = None,
    flag: bool | None = None,
    value: dict[str, Any] | None = None,
) -> str:
    executed.append("echo")
    return text * times


@fraiseql.query
def being() -> Being | None:
    executed.append("being")
    return Dog(name="Rex", volume=3)


@fraiseql.query
def things() -> list[Thing]:  # type: ignore[valid-type]
    executed.append("things")
    return [Dog(name="Rex"), Rock(weight=1.5)]


@fraiseql.mutation
def shout(text: str) -> str:
    executed.append("shout")
    return text.upper()


APPLICATION: Final[dict[str, Any]] = {
    "queries": [
        echo,
        being,
        things,
        fraiseql.find("owners", Owner, order_by="id"),
        fraiseql.find_one("owner", Owner, keys=["id", "name"]),
        fraiseql.connection("pages", Owner),
        fraiseql.aggregate("totals", Owner),
    ],
    "mutations": [shout],
    "types": [Cat, Dog, Rock],
}
