"""Application of the two tenants, whose header names the tenant."""

from collections.abc import Mapping
from typing import Any

import fraiseql
from tests.integration.serving.test_two_tenants import QUERIES, ROLE, in_mutation


def tenant_of(request: Any) -> Mapping[str, Any]:
    """Return the identity of a client."""
    return {"role": ROLE, "session": {"app.tenant": request.headers.get("x-tenant", "none")}}


app = fraiseql.create_app(
    queries=QUERIES,
    mutations=[in_mutation],
    context=fraiseql.Identity(headers=["x-tenant"], hook=tenant_of, ttl="600s"),
    pool_size=4,
    worker=False,
)
