"""The catalog as loaded from real servers: kinds, types, keys and names."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from fraiseql.catalog import Catalog
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool, open_pool
from fraiseql.errors import SourceError
from fraiseql.settings import Settings

SCHEMA = """
CREATE SCHEMA sales;
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN rank AS positive NOT NULL;
CREATE TYPE colour AS ENUM ('red', 'blue');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE users (
  id bigint PRIMARY KEY, name varchar(20) NOT NULL, price numeric(10, 2), rank rank, level positive,
  ranks rank[], tags text[], shade colour, shades colour[], pair pair, data jsonb, at timestamptz,
  gone int);
ALTER TABLE users DROP COLUMN gone;
CREATE TABLE sales.users (b int NOT NULL, a text NOT NULL, "c d" uuid, UNIQUE (a, b));
CREATE TABLE "Mixed Case" ("Id" int PRIMARY KEY);
CREATE TABLE keyless (
  a int NOT NULL, b int, c int NOT NULL, d int NOT NULL, UNIQUE (b));
CREATE UNIQUE INDEX ON keyless (a) WHERE a > 0;
CREATE UNIQUE INDEX ON keyless ((a + 1));
CREATE TABLE covered (a int NOT NULL, b int NOT NULL, PRIMARY KEY (b) INCLUDE (a));
CREATE TABLE late (a int NOT NULL, b int);
CREATE UNIQUE INDEX ON late (b);
CREATE UNIQUE INDEX ON late (a);
CREATE VIEW v_user AS SELECT id, name, data FROM users;
CREATE VIEW v_rank AS SELECT l.a, u.rank FROM late l LEFT JOIN users u ON u.id = l.a;
CREATE MATERIALIZED VIEW mv_user AS SELECT id, name FROM users;
CREATE TABLE events (day date NOT NULL, id int NOT NULL, PRIMARY KEY (day, id))
  PARTITION BY RANGE (day);
CREATE SEQUENCE not_a_relation_to_read;
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def schema(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(SCHEMA)
    await connection.close()


@pytest.fixture
async def pool(database: str, schema: None) -> AsyncIterator[Pool]:
    pool = await open_pool(database, Settings())
    yield pool
    await pool.close()


async def test_types_with_domains_resolved(pool: Pool) -> None:
    relation = (await load_catalog(pool, ["users"])).relations["users"]
    types = [
        (column.name, column.type_name, column.base_type, column.nullable)
        for column in relation.columns.values()
    ]
    assert types == [
        ("id", "bigint", "int8", False),
        ("name", "character varying(20)", "varchar", False),
        ("price", "numeric(10,2)", "numeric", True),
        ("rank", "public.rank", "int4", False),
        ("level", "public.positive", "int4", True),
        ("ranks", "public.rank[]", "_int4", True),
        ("tags", "text[]", "_text", True),
        ("shade", "public.colour", "colour", True),
        ("shades", "public.colour[]", "_colour", True),
        ("pair", "public.pair", "pair", True),
        ("data", "jsonb", "jsonb", True),
        ("at", "timestamp with time zone", "timestamptz", True),
    ]


async def test_a_domain_without_nulls_has_them_in_a_view(pool: Pool) -> None:
    relation = (await load_catalog(pool, ["v_rank"])).relations["v_rank"]
    assert relation.columns["rank"].nullable


async def test_a_constraint_that_is_not_valid_proves_nothing(pool: Pool, database: str) -> None:
    connection = await asyncpg.connect(database)
    if connection.get_server_version().major < 18:
        await connection.close()
        pytest.skip("NOT NULL can be NOT VALID since PostgreSQL 18")
    await connection.execute(
        "CREATE TABLE unproven (a int UNIQUE);"
        "ALTER TABLE unproven ADD CONSTRAINT own NOT NULL a NOT VALID"
    )
    await connection.close()
    relation = (await load_catalog(pool, ["unproven"])).relations["unproven"]
    assert (relation.columns["a"].nullable, relation.key) == (True, ())


@pytest.mark.parametrize(
    ("name", "kind", "key"),
    [
        ("users", "table", ("id",)),
        ("sales.users", "table", ("a", "b")),
        ("Mixed Case", "table", ("Id",)),
        ("keyless", "table", ()),
        ("covered", "table", ("b",)),
        ("late", "table", ("a",)),
        ("v_user", "view", ()),
        ("mv_user", "materialized view", ()),
        ("events", "partitioned table", ("day", "id")),
    ],
)
async def test_kinds_and_keys(pool: Pool, name: str, kind: str, key: tuple[str, ...]) -> None:
    relation = (await load_catalog(pool, [name])).relations[name]
    assert (relation.kind, relation.key) == (kind, key)


async def test_names_are_found_as_written(pool: Pool) -> None:
    catalog = await load_catalog(pool, ["users", "sales.users", "public.users", "pg_class"])
    assert catalog.relations["users"] == catalog.relations["public.users"]
    assert catalog.relations["sales.users"].sql == '"sales"."users"'
    assert list(catalog.relations["sales.users"].columns) == ["b", "a", "c d"]
    assert catalog.relations["pg_class"].schema == "pg_catalog"
    assert str(catalog.server_version)[:2] in {"15", "16", "17", "18"}


async def test_a_missing_name_is_reported_with_the_nearest(pool: Pool) -> None:
    names = ["usrs", "mixed case", "not_a_relation_to_read", "sales.nothing", "'; DROP TABLE users"]
    catalog = await load_catalog(pool, [*names, "users"])
    assert set(catalog.relations) == {"users"}
    assert "users" in catalog.visible_names
    assert "pg_class" not in catalog.visible_names
    with pytest.raises(SourceError, match="Did you mean 'users'"):
        catalog.relation("usrs", wanted_by="User")


async def test_a_name_on_the_search_path_wins(pool: Pool, database: str) -> None:
    other = await open_pool(f"{database}&search_path=sales,public", Settings())
    catalog = await load_catalog(other, ["users", "keyless"])
    assert catalog.relations["users"].schema == "sales"
    assert catalog.relations["keyless"].schema == "public"
    await other.close()


async def test_no_names_no_relations(pool: Pool) -> None:
    catalog = await load_catalog(pool, [])
    assert isinstance(catalog, Catalog)
    assert catalog.relations == {}
