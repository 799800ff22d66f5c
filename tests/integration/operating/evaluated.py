"""Application of the tests of measured advice, and its database."""

from typing import Any

import fraiseql

TABLES = """
CREATE TABLE tb_writer (id int PRIMARY KEY, name text NOT NULL, email text NOT NULL,
  bio text NOT NULL, joined timestamptz NOT NULL);
CREATE TABLE tb_note (id int PRIMARY KEY, writer int NOT NULL, body text NOT NULL);
INSERT INTO tb_writer SELECT g, 'writer ' || g, g || '@x.org', repeat('bio ', 20),
  timestamptz '2026-01-01' + g * interval '1 hour' FROM generate_series(1, 2000) AS g;
INSERT INTO tb_note SELECT g, 1 + g % 2000, repeat('note ', 20) FROM generate_series(1, 12000) AS g;
ANALYZE;
"""
BY_ID = "query Writer($id: Int!) { writer(id: $id) { name notes { id body } } }"
BY_EMAIL = "query ByEmail($email: String!) { writerOf(email: $email) { id name } }"
LIST = "query Notes($limit: Int) { notes(limit: $limit) { id writer body } }"
COUNTS = "query Counts { counts { writer n } }"
COUNTED = "SELECT writer, count(*) AS n FROM tb_note GROUP BY writer"


@fraiseql.type(name="AdvisedNote", sql_source="tb_note")
class Note:
    id: int
    writer: int
    body: str


@fraiseql.type(name="AdvisedWriter", sql_source="tb_writer")
class Writer:
    id: int
    name: str
    email: str
    bio: str
    notes: list[Note] = fraiseql.embed("tb_note", on="writer", order_by="id", limit=10)


@fraiseql.type(name="AdvisedCount")
class Count:
    writer: int
    n: int


@fraiseql.query
async def counts(info: fraiseql.Info) -> list[Count]:
    rows = await info.context["db"].fetch(COUNTED)
    return [Count(writer=row["writer"], n=row["n"]) for row in rows]


QUERIES = (
    fraiseql.find_one("writer", Writer, by="id"),
    fraiseql.find_one("writer_of", Writer, by="email"),
    fraiseql.find("notes", Note),
    counts,
)


def advised_app(url: str, **settings: Any) -> Any:
    """Return the application."""
    return fraiseql.create_app(queries=QUERIES, database_url=url, worker=False, **settings)
