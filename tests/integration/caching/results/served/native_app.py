"""Application whose responses the native server gives again."""

import fraiseql


@fraiseql.type(sql_source="v_item")
class Item:
    id: int
    name: str


app = fraiseql.create_app(
    queries=[
        fraiseql.find_one("item", Item, by="id", cache=fraiseql.Cache()),
        fraiseql.find("items", Item, order_by="id", cache=fraiseql.Cache()),
    ],
    worker=False,
)
