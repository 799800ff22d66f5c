"""Rights in the catalog: nothing that is made is for everybody, but what is named here."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.results.admin.privileges import grant
from fraiseql.caching.results.sql.grants import MEANINGS, serving_privileges
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.schema import build_schema
from fraiseql.settings import Settings
from tests.integration.flights import at_once, run_sql

SERVING, WRITER = "fql_catalog_server", "fql_catalog_writer"
PAGE = Path(__file__).parents[5] / "docs" / "how-to" / "deploying.md"
TABLES = f"""
CREATE TABLE tb_author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_post (id int PRIMARY KEY, author_id int NOT NULL, slug text NOT NULL);
CREATE TABLE tb_name (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_note (id int PRIMARY KEY, text text NOT NULL);
INSERT INTO tb_author VALUES (1, 'a');
CREATE ROLE {SERVING} LOGIN;
CREATE ROLE {WRITER} LOGIN;
GRANT INSERT ON tb_author, tb_post, tb_note TO {WRITER};
"""

ACLS = """
SELECT 'TABLE' AS kind, c.oid, c.relname::text AS name, a.privilege_type AS privilege,
  '' AS columns, a.grantee FROM pg_class c,
  aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
    c.relowner))) AS a
WHERE c.relnamespace = 'fraiseql'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  AND a.grantee <> c.relowner
UNION ALL
SELECT 'TABLE', c.oid, c.relname, a.privilege_type,
  string_agg(t.attname, ', ' ORDER BY t.attnum), a.grantee
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) AS a
WHERE c.relnamespace = 'fraiseql'::regnamespace GROUP BY c.oid, a.privilege_type, a.grantee
UNION ALL
SELECT 'FUNCTION', p.oid, p.proname, a.privilege_type, '', a.grantee
FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
WHERE p.pronamespace = 'fraiseql'::regnamespace AND a.grantee <> p.proowner
UNION ALL
SELECT 'SCHEMA', n.oid, n.nspname, a.privilege_type, '', a.grantee
FROM pg_namespace n, aclexplode(n.nspacl) AS a
WHERE n.nspname = 'fraiseql' AND a.grantee <> n.nspowner
"""
"""Every right on what is made, but those of its owner."""

EVERYBODY = {
    ("SCHEMA", "fraiseql", "USAGE"),
    ("FUNCTION", "…_row_…", "EXECUTE"),
    ("FUNCTION", "unchanged_…", "EXECUTE"),
}
"""What is for everybody: documents are computed by whoever asks; guards do nothing alone."""


@fraiseql.type(sql_source="tb_post")
class Post:
    id: int
    slug: str


@fraiseql.type(sql_source="tb_author", stored=fraiseql.Projection())
class Author:
    id: int
    name: str
    posts: list[Post] = fraiseql.embed("tb_post", on="author_id", order_by="id", limit=3)


@fraiseql.type(sql_source="tb_note", stored=fraiseql.GeneratedColumn())
class Note:
    id: int
    text: str


@fraiseql.type(sql_source="tb_name", stored=fraiseql.MaterializedView(refresh="1h"))
class Name:
    id: int
    name: str


SCHEMA = build_schema(
    queries=[
        fraiseql.find("authors", Author, cache=fraiseql.Cache()),
        fraiseql.find("notes", Note),
        fraiseql.find("names", Name),
        fraiseql.find_one(
            "post", Post, by="slug", cache=fraiseql.Cache(tags=("tb_post.slug={slug}",))
        ),
    ]
)


async def applied(url: str) -> None:
    """Apply all kinds of declarations, and grant."""
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(SCHEMA, pool)
        assert not desired.refusals, desired.refusals
        async with open_admin(pool) as writer:
            await apply(writer, desired)
            await grant(writer, SERVING)
    finally:
        await pool.close()


@pytest.fixture(scope="module")
def migrated(database: str) -> Iterator[str]:
    """A database in which each kind of declaration is applied, and a role that may serve."""
    at_once(run_sql(database, TABLES))
    at_once(applied(database))
    yield database
    at_once(run_sql(database, f"DROP OWNED BY {SERVING}, {WRITER}"))
    at_once(run_sql(database, f"DROP ROLE {SERVING}, {WRITER}"))


async def rights_of(url: str, role: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        value = await connection.fetchval("SELECT oid FROM pg_roles WHERE rolname = $1", role)
        return [row for row in await connection.fetch(ACLS) if row["grantee"] == (value or 0)]
    finally:
        await connection.close()


def short(name: str) -> str:
    """Leave out what names are told apart by."""
    return re.sub(r"^tb_\w+(?=_row_)|(?<=_)[0-9a-f]{10,16}$", "…", name)


async def check_everybody(url: str) -> None:
    actual = {(r["kind"], short(r["name"]), r["privilege"]) for r in await rights_of(url, "")}
    assert actual == EVERYBODY


async def test_nothing_else_is_for_everybody(migrated: str) -> None:
    await check_everybody(migrated)


async def test_the_role_has_exactly_the_granted_privileges(migrated: str) -> None:
    connection = await asyncpg.connect(migrated)
    try:
        sql = "SELECT coalesce(to_regprocedure($1)::oid, to_regclass($2)::oid)"
        expected = {
            (
                privilege.kind,
                await connection.fetchval(sql, *_names(privilege)),
                privilege.privilege,
                ", ".join(sorted(filter(None, privilege.columns.split(", ")))),
            )
            for privilege in serving_privileges()
        }
        grantees = {row["grantee"] for row in await connection.fetch(ACLS)}
    finally:
        await connection.close()
    actual = {
        (
            r["kind"],
            r["oid"],
            r["privilege"],
            ", ".join(sorted(filter(None, r["columns"].split(", ")))),
        )
        for r in await rights_of(migrated, SERVING)
    }
    assert actual - {item for item in actual if item[0] == "SCHEMA"} == expected
    assert len(grantees) == 2, "everybody, and the role that serves"


def _names(value: Any) -> tuple[str | None, str | None]:
    return (value.name, None) if value.kind == "FUNCTION" else (None, value.name)


def test_the_page_has_all_of_it() -> None:
    expected: dict[tuple[str, str], set[str]] = {}
    for item in serving_privileges():
        name = item.name.partition("(")[0].replace('"', "").removeprefix("fraiseql.")
        privilege = f"{item.privilege} ({item.columns})" if item.columns else item.privilege
        expected.setdefault((MEANINGS[item.purpose], privilege), set()).add(name)
    rows = re.findall(r"^\| ([^|`]+) \| `([^|]+)` \| (`[^|]+`) \|$", PAGE.read_text(), re.MULTILINE)
    actual = {(what, privilege): set(re.findall(r"`(\w+)`", on)) for what, privilege, on in rows}
    assert actual == expected


async def test_a_writer_with_no_other_right_is_noticed(migrated: str) -> None:
    owner = await asyncpg.connect(migrated)
    writer = await asyncpg.connect(migrated.replace("postgres@", f"{WRITER}@"))
    try:
        await writer.execute("INSERT INTO tb_post VALUES (1, 1, 'first')")
        await writer.execute("INSERT INTO tb_note VALUES (1, 'n')")
        logged = "SELECT count(*) FROM fraiseql.changes WHERE tag LIKE '%' || $1"
        assert (
            await owner.fetchval(
                logged, await owner.fetchval("SELECT 'tb_post'::regclass::oid::text")
            )
            == 1
        )
        assert (
            await owner.fetchval("SELECT count(*) FROM fraiseql.changes WHERE tag ~ ':slug='") == 1
        )
        assert await owner.fetchval("SELECT data->'posts'->0->>'slug' FROM tv_author") == "first"
        relations = (
            "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'fraiseql'::regnamespace"
        )
        for (name,) in await owner.fetch(f"{relations}::oid AND relkind IN ('r', 'v', 'm')"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await writer.execute(f"SELECT FROM {name}")
    finally:
        await writer.close()
        await owner.close()


async def test_an_older_version_is_brought_up_to_date_in_place(migrated: str) -> None:
    """It had given everybody what serving needs."""
    names = ("changes", "changes_floor", "view_state", "fingerprints")
    tables = ", ".join(f"fraiseql.{name}" for name in names)
    await run_sql(
        migrated,
        "INSERT INTO fraiseql.changes VALUES ('label:before', '3', now())",
        f"GRANT SELECT ON {tables} TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION fraiseql.result_shape, fraiseql.fingerprint_now TO PUBLIC",
        "UPDATE fraiseql.ledger SET digest = 'older' WHERE name ~"
        f""" '^"fraiseql"."({"|".join(names)}|result_shape|fingerprint_now)"'""",
    )
    await applied(migrated)
    await check_everybody(migrated)
    connection = await asyncpg.connect(migrated)
    stored = await connection.fetchval("SELECT count(*) FROM fraiseql.changes WHERE tag ~ 'before'")
    await connection.close()
    assert stored == 1, "what was logged is there"
