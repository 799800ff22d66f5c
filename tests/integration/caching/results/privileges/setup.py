"""Setup: roles, tables and views through which rights decide what is read."""

import fraiseql

OWNERS = ("fql_inner", "fql_outer")
"""Owners of views: of one over the table, and of one over that view."""

GROUPS = ("fql_auditors", "fql_below")
ROLES = ("fql_app", "fql_request", "fql_owner", "fql_above", *OWNERS, *GROUPS)

TABLES = """
GRANT fql_above TO fql_below;
CREATE TABLE note (id int PRIMARY KEY, level int NOT NULL, text text NOT NULL);
INSERT INTO note SELECT n, n % 2, 'note ' || n FROM generate_series(1, 6) n;
ALTER TABLE note OWNER TO fql_owner;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON note USING (level = 0);
CREATE POLICY audited ON note TO fql_auditors USING (true);
GRANT SELECT ON note TO PUBLIC;

CREATE TABLE deep (id int PRIMARY KEY, level int NOT NULL, text text NOT NULL);
INSERT INTO deep SELECT * FROM note;
ALTER TABLE deep ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON deep USING (level = 0);
CREATE POLICY above ON deep TO fql_above USING (true);
GRANT SELECT ON deep TO PUBLIC;

CREATE TABLE plain (id int PRIMARY KEY, level int NOT NULL, text text NOT NULL);
INSERT INTO plain SELECT * FROM note;
ALTER TABLE plain OWNER TO fql_owner;
GRANT SELECT ON plain TO fql_above;
GRANT SELECT ON plain TO fql_inner;

CREATE VIEW v_inner AS SELECT id, text FROM note;
ALTER VIEW v_inner OWNER TO fql_inner;
GRANT SELECT ON v_inner TO PUBLIC;
CREATE VIEW v_outer WITH (security_barrier) AS SELECT id, text FROM v_inner;
ALTER VIEW v_outer OWNER TO fql_outer;
GRANT SELECT ON v_outer TO PUBLIC;
CREATE VIEW v_invoker WITH (security_invoker) AS SELECT id, text FROM note;
GRANT SELECT ON v_invoker TO PUBLIC;
CREATE VIEW v_between AS SELECT id, text FROM v_invoker;
ALTER VIEW v_between OWNER TO fql_outer;
GRANT SELECT ON v_between TO PUBLIC;
CREATE VIEW v_plain AS SELECT id, text FROM plain;
ALTER VIEW v_plain OWNER TO fql_inner;
GRANT SELECT ON v_plain TO PUBLIC;
CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper($1)';
REVOKE EXECUTE ON FUNCTION shout FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shout TO fql_above;
CREATE VIEW v_called AS SELECT id, shout(text) AS text FROM plain;
ALTER VIEW v_called OWNER TO fql_inner;
GRANT SELECT ON v_called TO PUBLIC;
"""

SOURCES = (
    "note",
    "deep",
    "plain",
    "v_inner",
    "v_outer",
    "v_invoker",
    "v_between",
    "v_plain",
    "v_called",
)
STORES = ("unlogged", "redis")


def named(source: str, kind: str) -> str:
    """Return the name of a query."""
    return f"{source.replace('_', '')}{kind}"


def _queries() -> list[object]:
    queries: list[object] = []
    for source in SOURCES:
        fields = {"__annotations__": {"id": int, "text": str}}
        row = type(f"{source.title().replace('_', '')}Row", (), fields)
        kind = fraiseql.type(row, sql_source=source)
        for store in STORES:
            cache = fraiseql.Cache(store=store)
            queries.append(fraiseql.find(named(source, store), kind, order_by="id", cache=cache))
        queries.append(fraiseql.find(named(source, "live"), kind, order_by="id"))
    return queries


QUERIES = _queries()
