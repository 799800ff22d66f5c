"""Small schemas: numeric keys, and types whose text depends on settings."""

from typing import Any

from fraiseql.caching.strategies.projection import EmbedSpec, Join, ProjectionSpec, Qualified
from tests.integration.caching.projection.schemas import Case, Documents, Rows, table

_PARENTS = table("parents", "id numeric")

_CHILD = ProjectionSpec(
    owner="Child",
    table=Qualified("app", "tv_child"),
    view=Qualified("app", "v_child"),
    view_sql="SELECT c.id, jsonb_build_object('parent', p.name) AS data "
    "FROM app.children c LEFT JOIN app.parents p ON p.id = c.parent_id",
    root=table("children", "id bigint"),
    columns=("parent_id",),
    embeds=(
        EmbedSpec("parent", _PARENTS, (Join("id", "parent_id", "numeric"),), False, ("name",)),
    ),
)


def child_documents(rows: Rows) -> Documents:
    """Compute children's documents from base rows alone."""
    names: dict[Any, Any] = {row["id"]: row["name"] for row in rows["parents"]}
    return {(row["id"],): {"parent": names.get(row["parent_id"])} for row in rows["children"]}


NUMBERED = Case(
    "numbered",
    "CREATE SCHEMA app; CREATE TABLE app.parents (id numeric PRIMARY KEY, name text); "
    "CREATE TABLE app.children (id bigint PRIMARY KEY, parent_id numeric);",
    ("parents", "children"),
    (_CHILD,),
    (child_documents,),
)


_THING = ProjectionSpec(
    owner="Thing",
    table=Qualified("app", "tv_thing"),
    view=Qualified("app", "v_thing"),
    view_sql="SELECT id, jsonb_build_object('moment', moment, 'day', day::text, 'span', span, "
    "'share', share, 'bytes', bytes) AS data FROM app.things",
    root=table("things", "id bigint"),
    columns=("moment", "day", "span", "share", "bytes"),
    text=True,
)


def thing_documents(rows: Rows) -> Documents:
    """Write the one row that the test makes as it has to look."""
    return {
        (row["id"],): {
            "moment": "2026-05-05T12:00:00+00:00",
            "day": "2026-05-05",
            "span": "P1DT2H",
            "share": 0.125,
            "bytes": "\\x00ff",
        }
        for row in rows["things"]
    }


PRINTED = Case(
    "printed",
    "CREATE SCHEMA app; CREATE TABLE app.things (id bigint PRIMARY KEY, moment timestamptz, "
    "day date, span interval, share float8, bytes bytea);",
    ("things",),
    (_THING,),
    (thing_documents,),
)
PRINTED_ROW = r"""
INSERT INTO app.things VALUES
  (1, '2026-05-05 12:00+00', '2026-05-05', '1 day 2 hours', 0.125, '\x00ff')"""
