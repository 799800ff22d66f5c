"""Columns read by predicates, orders, joins and generated columns."""

from typing import Any

import asyncpg
import pytest

import fraiseql
from fraiseql.errors import DeclarationError
from tests.integration.caching.ddl.env import applied, sql
from tests.integration.caching.projection.declared import drift, reset_database

TABLES = """
CREATE TABLE shop (id int PRIMARY KEY, label text, best int, shown text, spare text);
CREATE TABLE item (id int PRIMARY KEY, shop_id int, code int UNIQUE, price numeric, kind text,
  net numeric GENERATED ALWAYS AS (price / 2) STORED{virtual});
INSERT INTO shop SELECT n, 'shop ' || n, 10 * n, 'cheap' FROM generate_series(1, 4) n;
INSERT INTO item SELECT n, n % 4 + 1, n * 10, n, CASE n % 2 WHEN 0 THEN 'cheap' ELSE 'dear' END
FROM generate_series(1, 12) n;
"""


def shop(fields: dict[str, Any], **options: Any) -> type:
    annotations = {"id": int, **fields}
    item = fraiseql.type(name="Item", sql_source="item")(
        type("Item", (), {"__annotations__": annotations, "__module__": __name__})
    )
    body = {
        "__annotations__": {"id": int, "items": list[item], "top": item | None},  # type: ignore[valid-type]
        "__module__": __name__,
        "items": fraiseql.embed("item", on="shop_id", **options),
        "top": fraiseql.embed("item", via="best", target_key="code"),
    }
    return fraiseql.type(
        name="Shop", sql_source="shop", stored=fraiseql.Projection(max_bytes=10**6)
    )(type("Shop", (), body))


async def true_after(url: str, type_: type, *statements: str) -> None:
    await applied(url, type_)
    for statement in statements:
        await sql(url, statement)
        assert await drift(url, type_) == 0, statement


async def test_orders_and_joins_on_columns_that_no_document_shows(database: str) -> None:
    await reset_database(database, TABLES.format(virtual=""))
    type_ = shop({}, order_by=("kind", "-price"), limit=2)
    await true_after(
        database,
        type_,
        "UPDATE item SET kind = 'a' WHERE id = 11",
        "UPDATE item SET price = 100 WHERE id = 3",
        "UPDATE item SET code = code + 10 WHERE id = 12",
        "UPDATE item SET code = code - 5 WHERE id IN (1, 3)",
        "UPDATE shop SET best = 30 WHERE id = 2",
        "UPDATE shop SET best = NULL WHERE id = 3",
    )


async def test_a_predicate_reads_columns_that_no_document_shows(database: str) -> None:
    await reset_database(database, TABLES.format(virtual=""))
    await true_after(
        database,
        shop({}, where="kind = 'cheap' AND net > 1"),
        "UPDATE item SET kind = 'dear' WHERE id = 4",
        "UPDATE item SET price = 1 WHERE id = 6",
    )


async def test_a_predicate_of_the_row_around_is_refused(database: str) -> None:
    await reset_database(database, TABLES.format(virtual=""))
    with pytest.raises(DeclarationError, match='"shown" does not exist') as refused:
        await applied(database, shop({}, where="kind = shown"))
    assert refused.value.code == "EMBED_NOT_STORABLE"


async def test_generated_columns(database: str) -> None:
    connection = await asyncpg.connect(database)
    virtual = connection.get_server_version().major >= 18
    await connection.close()
    more = ", tax numeric GENERATED ALWAYS AS (price / 5) VIRTUAL" if virtual else ""
    await reset_database(database, TABLES.format(virtual=more))
    fields = {"net": str | None, **({"tax": str | None} if virtual else {})}
    await true_after(
        database,
        shop(fields),
        "UPDATE item SET price = price + 1 WHERE id = 5",
        "INSERT INTO item VALUES (90, 1, 900, 7)",
    )


async def test_columns_that_are_not_read_cost_nothing(database: str) -> None:
    await reset_database(database, TABLES.format(virtual=""))
    await applied(database, shop({}))
    before = await written(database)
    await sql(database, "UPDATE shop SET spare = 'x', label = 'y'")
    assert await written(database) == before
    await sql(database, "UPDATE shop SET best = NULL")
    assert await written(database) == before + 4


async def written(url: str) -> int:
    """Return how many documents have been written so far."""
    (row,) = await sql(
        url,
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int FROM pg_stat_user_tables"
        " WHERE schemaname = 'fraiseql' AND relname LIKE 'tv_shop%'",
    )
    return int(row[0])


_CODES = """
CREATE TABLE land (code char(5) COLLATE "C", flag char(3), name text, PRIMARY KEY (code, flag));
CREATE TABLE town (code char(7), flag char(3), id varchar(9) COLLATE "C" PRIMARY KEY, name text);
INSERT INTO land SELECT c, b, c || b
FROM unnest(ARRAY['ab', 'aB', 'B', 'abcde']) c, unnest(ARRAY['101', '111']) b;
INSERT INTO town SELECT code, flag, code || flag || n, 'town ' || n
FROM land, generate_series(1, 2) n;
"""


@fraiseql.type(sql_source="town")
class Town:
    id: str
    name: str | None


@fraiseql.type(sql_source="land", stored=fraiseql.Projection(max_bytes=10**6))
class Land:
    code: str
    flag: str
    towns: list[Town] = fraiseql.embed("town", on=("code", "flag"))


async def test_keys_keep_their_lengths_and_their_order(database: str) -> None:
    await reset_database(database, _CODES)
    await true_after(
        database,
        Land,
        "UPDATE town SET name = 'renamed' WHERE flag = '111'",
        "UPDATE town SET code = 'ab' WHERE code = 'abcde'",
        "UPDATE land SET name = 'x'; DELETE FROM town WHERE code = 'B'",
        "UPDATE land SET code = 'abcdf' WHERE code = 'B' AND flag = '101'",
    )
    base, stored = [
        [tuple(row) for row in await sql(database, f"SELECT code, flag FROM {name} ORDER BY 1, 2")]
        for name in ("land", "tv_land")
    ]
    assert stored == base
    assert len(stored) == 8
    (row,) = await sql(database, "SELECT count(*) FROM tv_land WHERE data->'towns' <> '[]'")
    assert row[0] == 4
