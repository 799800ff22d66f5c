"""Application whose responses the native server gives again."""

import fraiseql


@fraiseql.type(sql_source="v_item")
class Item:
    id: int
    name: str


@fraiseql.query(cache=fraiseql.Cache(vary=("request.headers.x-lang",), tags=("item",)))
def language(info: fraiseql.Info) -> str:
    """Return the language that the client asks for."""
    return str(info.context["request"].headers.get("x-lang"))


app = fraiseql.create_app(
    queries=[
        fraiseql.find_one("item", Item, by="id", cache=fraiseql.Cache()),
        fraiseql.find("items", Item, order_by="id", cache=fraiseql.Cache()),
        language,
    ],
    worker=False,
)
