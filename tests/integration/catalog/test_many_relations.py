"""Catalogs of more relations than one statement reads."""

import asyncpg

from fraiseql.catalog.load import load_catalog
from fraiseql.database import open_pool
from fraiseql.settings import Settings

TABLES = """
CREATE DOMAIN amount AS numeric NOT NULL;
DO $$ BEGIN
  FOR n IN 1..230 LOOP
    EXECUTE format(
      'CREATE TABLE t%s (id int PRIMARY KEY, name varchar(%s) NOT NULL, sum amount, at date)',
      n, n);
  END LOOP;
END $$;
"""
POINTED = """
CREATE SCHEMA "a.b";
CREATE SCHEMA a;
CREATE TABLE "a.b".c (id int PRIMARY KEY);
CREATE TABLE a."b.d" (id int PRIMARY KEY);
CREATE TABLE "x.y" (z text NOT NULL UNIQUE);
"""


async def test_relations_of_several_statements_are_those_of_single_ones(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(TABLES)
    await connection.close()
    pool = await open_pool(database, Settings())
    names = [f"t{number}" for number in range(1, 231)]
    try:
        catalog = await load_catalog(pool, [*names, "missing", "missing.too"])
        assert sorted(catalog.relations) == sorted(names)
        for name in ("t1", "t117", "t230"):
            single = (await load_catalog(pool, [name])).relations[name]
            assert catalog.relations[name] == single
            assert single.key == ("id",)
            assert [column.nullable for column in single.columns.values()] == [0, 0, 0, 1]
            assert single.columns["name"].type_name == f"character varying({name[1:]})"
            assert single.columns["sum"].base_type == "numeric"
    finally:
        await pool.close()


async def test_names_with_points_are_split_at_each_of_them(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(POINTED)
    await connection.close()
    pool = await open_pool(database, Settings())
    try:
        catalog = await load_catalog(pool, ["a.b.c", "a.b.d", "x.y", "public.x.y", "a.b.e", "."])
        places = {name: (each.schema, each.name) for name, each in catalog.relations.items()}
        assert places == {
            "a.b.c": ("a.b", "c"),
            "a.b.d": ("a", "b.d"),
            "x.y": ("public", "x.y"),
            "public.x.y": ("public", "x.y"),
        }
        assert catalog.relations["x.y"].key == ("z",)
    finally:
        await pool.close()
