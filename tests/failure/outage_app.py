"""Application whose database crashes and restarts under the native server."""

import fraiseql


@fraiseql.type(sql_source="place")
class Place:
    id: int
    round: int


app = fraiseql.create_app(
    queries=[
        fraiseql.find_one("live", Place, by="id"),
        fraiseql.find_one("cached", Place, by="id", cache=fraiseql.Cache()),
    ],
    pool_size=4,
    connect_timeout=2.0,
    worker=False,
)
