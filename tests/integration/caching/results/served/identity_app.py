"""Application with cached results whose clients have identities."""

from collections.abc import Mapping
from typing import Any, Final

import fraiseql

ROLES: Final = {"red": "fql_hits_red", "blue": "fql_hits_blue"}
"""Each tenant has a role of its own."""


def look_up_key(request: Any) -> Mapping[str, Any]:
    """Return the identity of a key, which names its tenant and may grant texts."""
    tenant, _, right = request.headers.get("x-key", "red").partition(" ")
    session = {"app.tenant": tenant}
    return {"role": ROLES[tenant], "session": session, "may_read": right == "texts"}


def may_read(context: Mapping[str, Any]) -> bool:
    """Whether a client may read texts."""
    return bool(context["may_read"])


@fraiseql.type(sql_source="memo")
class Memo:
    id: int
    tenant: str
    text: str = fraiseql.field(requires=may_read)
    title: str


app = fraiseql.create_app(
    queries=[fraiseql.find("memos", Memo, order_by="id", cache=fraiseql.Cache())],
    context=fraiseql.Identity(headers=["x-key"], hook=look_up_key, ttl="600s"),
    worker=False,
)
