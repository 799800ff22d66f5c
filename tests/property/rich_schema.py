"""The zoo: one rich schema whose documents and operations the property tests make up."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import fraiseql
from fraiseql.repositories import Repository

TABLE = """
CREATE TABLE tb_item (id int PRIMARY KEY, rank int, data jsonb NOT NULL);
CREATE TABLE tb_bone (id int PRIMARY KEY, item_id int, weight numeric, label text);
"""


ITEMS_WITH_BONES = """
SELECT id, rank, data, (
  SELECT coalesce(json_agg(b), '[]') FROM (
    SELECT id, weight, label FROM tb_bone WHERE item_id = i.id
    ORDER BY weight DESC, id DESC LIMIT 3) b) AS bones
FROM tb_item i ORDER BY id
"""


@fraiseql.enum
class Colour(Enum):
    RED = "red"
    GREEN = "dark green"
    ONE = 1


@fraiseql.interface(discriminator="kind")
class Animal:
    name: str
    legs: int | None


@fraiseql.type(tag="dog")
class Dog(Animal):
    barks: bool
    friends: "list[Animal]"


@fraiseql.type(tag="cat")
class Cat(Animal):
    lives: int | None
    owner: "Item | None"


@fraiseql.type
class Stone:
    name: str
    weight: float | None


Thing = fraiseql.union("Thing", [Dog, Stone], discriminator="kind")


@fraiseql.type(sql_source="tb_bone")
class Bone:
    id: int
    weight: Decimal | None
    label: str | None


@fraiseql.type(sql_source="tb_item", jsonb_column="data")
class Item:
    id: int
    rank: int | None
    title: str
    note: str | None
    count: int | None
    ratio: float | None
    ok: bool | None
    colour: Colour | None
    price: Decimal | None
    big: fraiseql.BigInt | None
    made_at: datetime | None
    uid: UUID | None
    extra: Any
    tags: list[str] | None
    grid: list[list[int | None]] | None
    child: "Item | None"
    children: "list[Item]"
    pet: Animal | None
    pets: list[Animal | None] | None
    thing: Thing | None
    bones: list[Bone] = fraiseql.embed("tb_bone", on="item_id", order_by="-weight", limit=3)

    @fraiseql.field(needs=["title"])
    def loud(self) -> str:
        return loud(self.title)

    @fraiseql.field(needs=["title"])
    async def maybe_loud(self) -> str | None:
        return loud(self.title)

    @fraiseql.field(needs=["id", "title"], batch=True)
    async def scores(
        parents,  # noqa: N805 - a batch field is given all parents
        info,
        times: int = 2,
    ) -> list[int | None]:
        return [score(parent.id, parent.title, times) for parent in parents]  # type: ignore[attr-defined]

    @fraiseql.field(needs=["note"])
    def twin(self) -> "Item | None":
        return twin(self.note)


def loud(title: Any) -> str:
    """Fails for titles that start with x."""
    if not isinstance(title, str) or title.startswith("x"):
        raise fraiseql.InputError("not loud")
    return title.upper() + "!"


def score(number: Any, title: Any, times: int) -> int | None:
    """Null for no number; the title is only read."""
    return None if number is None else int(number) * times + (0 if title is None else 1)


def twin(note: Any) -> dict[str, Any] | None:
    """An object made by Python, with a title that the next computed field may fail on."""
    return None if note is None else {"id": 7, "title": note, "children": [], "note": None}


@fraiseql.query
async def item_by_python(info: fraiseql.Info, id: int) -> Item | None:  # noqa: A002
    return await Repository(info.context["db"], info.context).find_one("tb_item", id=id)


@fraiseql.query
async def items_by_python(info: fraiseql.Info) -> list[Item]:
    return await Repository(info.context["db"], info.context).find("tb_item")


@fraiseql.query
async def items_as_dicts(info: fraiseql.Info) -> list[Item | None]:
    rows = await info.context["db"].fetch(ITEMS_WITH_BONES)
    return [info.document(row, "Item") for row in rows]


QUERIES = [
    item_by_python,
    items_by_python,
    items_as_dicts,
    fraiseql.find_one("item", Item, by="id"),
    fraiseql.find("items", Item),
]
