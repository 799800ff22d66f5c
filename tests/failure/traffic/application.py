"""Application for hostile traffic: the golden one with notes of tenants.

It omits the resolver and the two rows of the golden one that fail on purpose.
"""

from typing import Any

import fraiseql
from fraiseql.http import HttpRequest
from tests.golden import application
from tests.integration.serving.hostile_queries import HOSTILE_QUERIES

READER = "fraiseql_traffic_reader"
TENANTS = 4
NOTES_OF_EACH = 50

TABLES = f"""
{application.TABLES}
DELETE FROM book WHERE data ->> 'title' IS NULL;
DELETE FROM shelf WHERE id = 3;
CREATE TABLE note (id int PRIMARY KEY, tenant text NOT NULL, body text NOT NULL);
INSERT INTO note SELECT n, 't' || n % {TENANTS}, 'note ' || n || repeat(' x', 200)
FROM generate_series(1, {TENANTS * NOTES_OF_EACH}) n;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON note USING (tenant = current_setting('app.tenant', true));
CREATE TABLE large (id int PRIMARY KEY, body text NOT NULL);
INSERT INTO large SELECT n, repeat('y', 10000) FROM generate_series(1, 500) n;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}') THEN CREATE ROLE {READER}; END IF;
END $$;
GRANT USAGE ON SCHEMA public TO {READER};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER};
"""


@fraiseql.type(sql_source="note")
class Note:
    id: int
    tenant: str
    body: str


@fraiseql.type(sql_source="large")
class Large:
    id: int
    body: str


def context(request: HttpRequest) -> dict[str, Any]:
    """A header names the tenant; without it a client sees no notes."""
    return {"role": READER, "session": {"app.tenant": request.headers.get("x-tenant", "")}}


QUERIES = [
    *(query for query in application.QUERIES if query is not application.broken),
    *HOSTILE_QUERIES,
    fraiseql.find("notes", Note, order_by="id"),
    fraiseql.find("cached_notes", Note, order_by="id", cache=fraiseql.Cache()),
    fraiseql.find("large", Large, order_by="id"),
]

app = fraiseql.create_app(types=application.TYPES, queries=QUERIES, context=context)
open_app = fraiseql.create_app(types=application.TYPES, queries=QUERIES)
"""Without a hook, so that the native server answers repeated reads; every client sees all notes."""
