"""An application whose clients have tenants, roles and rights, and the clients."""

import os
import time
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import OctKey

import fraiseql
from tests.property import shop

SECRET: Final = "a secret of thirty-two bytes, or of more than that"
TENANTS: Final = ("even", "odd")
ROLES: Final = ("fql_roads_full", "fql_roads_part")
ISSUER: Final = "https://issuer.example"

POLICIES: Final = f"""
DO $$ BEGIN CREATE ROLE {ROLES[0]}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE {ROLES[1]}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA public TO {ROLES[0]}, {ROLES[1]};
GRANT SELECT ON country, author, post, remark TO {ROLES[0]};
GRANT SELECT ON country, author, post TO {ROLES[1]};
ALTER TABLE author ENABLE ROW LEVEL SECURITY;
ALTER TABLE post ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON author USING (
  id % 2 = CASE nullif(current_setting('app.tenant', true), '')
    WHEN 'even' THEN 0 WHEN 'odd' THEN 1 END);
CREATE POLICY own ON post TO {ROLES[0]} USING (
  id % 2 = CASE nullif(current_setting('app.tenant', true), '')
    WHEN 'even' THEN 0 WHEN 'odd' THEN 1 END);
CREATE POLICY all_of_them ON post TO {ROLES[1]} USING (true);
"""
"""The login role sees everything, the second role no remark but the posts of both tenants."""


def token(tenant: str, role: str, **changed: Any) -> str:
    """Return the token of a client."""
    claims = {
        "iss": ISSUER,
        "aud": "roads",
        "exp": int(time.time()) + 3_600,
        "tenant": tenant,
        "role": role,
        **changed,
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))


def clients() -> list[str]:
    """Return the header lines of two tenants in each role, and of nobody."""
    tokens = [token(tenant, role) for tenant in TENANTS for role in ROLES]
    return ["", *[f"Authorization: Bearer {each}\r\n" for each in tokens]]


def sees_scores(context: Mapping[str, Any]) -> bool:
    """Return whether a client may see scores: those of one role."""
    claims = context["claims"]
    return claims is not None and claims["role"] == ROLES[0]


check: Any = fraiseql.JWT(
    key=SECRET,
    algorithms=["HS256"],
    issuer=ISSUER,
    audience="roads",
    role="role",
    session={"app.tenant": "tenant"},
    optional=True,
    leeway=0,
)

if os.environ.get("ROADS_GUARDED") == "yes":
    check = fraiseql.Identity(headers=["authorization"], hook=check, ttl="2s")


@fraiseql.type(sql_source="author")
class Scored:
    """An author whose score needs a right."""

    id: int
    name: str
    points: float | None = fraiseql.field(column="score", requires=sees_scores)


app = fraiseql.create_app(
    queries=[*shop.queries(), fraiseql.find("scored", Scored, order_by="id")],
    context=check,
    max_complexity=10**9,
    worker=False,
)
