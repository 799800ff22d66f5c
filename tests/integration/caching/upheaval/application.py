"""Deploys of one application, each with a constant of its own."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import fraiseql

CODE = """
import fraiseql

FACTOR = {factor}


def scale(value):
    return value * FACTOR


@fraiseql.type(sql_source="entry", key=("zone", "id"))
class Entry:
    zone: int
    id: int
    amount: int


@fraiseql.type(sql_source="item", stored=fraiseql.Projection())
class Item:
    id: int
    owner: str
    gross: int | None
    mood: str
    entries: list[Entry] = fraiseql.embed(
        "entry", on="item_id", where="worth(amount)", order_by=("zone", "id"), limit=100
    )


@fraiseql.type(sql_source="v_labelled")
class Labelled:
    id: int
    owner: str
    gross: int | None
    label: str
    mood: str


@fraiseql.type(sql_source="v_total")
class Total:
    id: int
    total: int
    entries: int


@fraiseql.type(sql_source="note")
class Note:
    id: int
    text: str


@fraiseql.type(sql_source="v_note")
class OwnersNote:
    id: int
    text: str


@fraiseql.type(sql_source="v_flag")
class Flag:
    id: int
    flag: str
    day: str
    items: int


@fraiseql.query(cache=fraiseql.Cache(store="{store}", tags=("item",)))
async def scaled(info: fraiseql.Info) -> int:
    return scale(await info.context["db"].fetchval("SELECT count(*)::int FROM item"))


CACHED = fraiseql.Cache(store="{store}")
QUERIES = [
    fraiseql.find("stored", Item, order_by="id"),
    fraiseql.find("items", Labelled, order_by="id", cache=CACHED),
    fraiseql.find("lasting", Labelled, order_by="id", cache=fraiseql.Cache(store="logged")),
    fraiseql.find("totals", Total, order_by="id", cache=CACHED),
    fraiseql.find("notes", Note, order_by="id", cache=CACHED),
    fraiseql.find("owners_notes", OwnersNote, order_by="id", cache=CACHED),
    fraiseql.find("flags", Flag, order_by="id", cache=CACHED),
    scaled,
]
"""


def deployed(url: str, factor: int, store: str = "unlogged", redis_url: str = "") -> Any:
    """Return the application as a deploy with this constant has it.

    Args:
        url: Address of the database.
        factor: The constant.
        store: Where the answers of most queries are stored.
        redis_url: Address of the store ``redis``.
    """
    # Hints of classes are read from their module.
    module = ModuleType("fqu_deployed")
    sys.modules[module.__name__] = module
    exec(CODE.format(factor=factor, store=store), vars(module))
    return fraiseql.create_app(
        queries=module.QUERIES,
        database_url=url,
        redis_url=redis_url,
        worker=False,
        pool_size=3,
    )


@dataclass
class Process:
    """One process of the application.

    Attributes:
        service: Its serving pipeline.
        factor: The constant of its code.
        settings: How often settings had been changed when it began.
        idle: Whether it answers no request.
    """

    service: Any
    factor: int
    settings: int
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    _count: int = 0

    def __post_init__(self) -> None:
        self.idle.set()

    @contextmanager
    def serving_request(self) -> Iterator[None]:
        """Surround a request."""
        self._count += 1
        self.idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self.idle.set()
