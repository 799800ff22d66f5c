"""The live view: documents with embeds, as the serving pipeline answers them, in any session."""

import json
from datetime import datetime

import asyncpg

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import DesiredState, in_order, load_desired_state
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.settings import Settings
from tests.integration.caching.ddl.env import schema_of, sql
from tests.integration.serving.served import Served

TABLES = """
CREATE TABLE tb_writer (id int PRIMARY KEY, name text NOT NULL, born timestamptz);
CREATE TABLE tb_note (id int PRIMARY KEY, writer_id int REFERENCES tb_writer, text text NOT NULL,
  weight float8, at timestamptz NOT NULL, deleted_at timestamptz);
INSERT INTO tb_writer SELECT n, 'writer ' || n, CASE WHEN n > 1 THEN '2000-01-01'::timestamptz END
FROM generate_series(1, 6) n;
INSERT INTO tb_note SELECT n, nullif(n % 6, 0), 'note "' || n || '"', n / 3.0,
  '2024-01-01'::timestamptz + (n % 4) * interval '1 day', CASE WHEN n % 5 = 0 THEN now() END
FROM generate_series(1, 60) n;
"""


@fraiseql.type(sql_source="tb_writer")
class Writer:
    id: int
    name: str
    born: datetime | None


@fraiseql.type(sql_source="tb_note")
class Note:
    id: int
    text: str
    weight: float | None
    at: datetime
    writer: Writer | None = fraiseql.embed("tb_writer", via="writer_id")


@fraiseql.type(name="Author", sql_source="tb_writer", stored=fraiseql.Projection(embeds=("notes",)))
class Author:
    id: int
    name: str
    born: datetime | None
    notes: list[Note] = fraiseql.embed(
        "tb_note", on="writer_id", where="deleted_at IS NULL", order_by="-at", limit=3
    )


QUERY = """{ authors(orderBy: {id: ASC}) {
  id name born notes { id text weight at writer { id name born } } } }"""


async def stored_type_in(url: str) -> StoredType:
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(schema_of(Author), pool)
        return desired.stored_types[0]
    finally:
        await pool.close()


async def test_the_view_says_what_is_served(database: str) -> None:
    await sql(database, TABLES)
    stored = await stored_type_in(database)
    assert list(live_view.refusals(stored, ("notes", "notes.writer"))) == []
    objects = live_view.objects(stored, ("notes", "notes.writer"))
    pool = await open_pool(database, Settings())
    async with open_admin(pool) as writer:
        await apply(writer, DesiredState(in_order(list(objects))))
    await pool.close()
    connection = await asyncpg.connect(database)
    await connection.execute(
        "SET TimeZone = 'Asia/Tokyo'; SET search_path = ''; SET DateStyle = SQL"
    )
    rows = await connection.fetch("SELECT id, data::text AS text FROM public.v_writer ORDER BY id")
    await connection.close()
    view = [json.loads(row["text"]) for row in rows]
    assert [item["id"] for item in view] == [1, 2, 3, 4, 5, 6]
    assert view[0]["notes"] != []
    assert view == await served_documents(database)


async def served_documents(url: str) -> object:
    app = fraiseql.create_app(
        database_url=url, queries=[fraiseql.find("authors", Author)], max_complexity=1_000_000
    )
    await app.service.start()
    try:
        body = await Served.respond(_Started(app.service), QUERY)
        return json.loads(body)["data"]["authors"]
    finally:
        await app.service.stop()


class _Started:
    """A response, on this test's own loop."""

    def __init__(self, service: object) -> None:
        self.service = service
