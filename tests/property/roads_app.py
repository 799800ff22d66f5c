"""Applications that both servers serve: the shop live, and with cached queries."""

import os
from dataclasses import replace
from typing import Any

import fraiseql
from fraiseql.schema.definitions import ATTRIBUTE
from tests.property import shop


def queries() -> list[Any]:
    """The queries of the shop, each of which keeps its answers."""
    own = shop.queries()
    for number, query in enumerate(own):
        if callable(query):
            cache = fraiseql.Cache(tags=tuple(shop.NAMES))
            setattr(query, ATTRIBUTE, replace(getattr(query, ATTRIBUTE), cache=cache))
        else:
            own[number] = replace(query, cache=fraiseql.Cache())
    return own


CACHED = os.environ.get("ROADS_CACHED") == "yes"

app = fraiseql.create_app(
    queries=queries() if CACHED else shop.queries(), max_complexity=10**9, worker=False
)
