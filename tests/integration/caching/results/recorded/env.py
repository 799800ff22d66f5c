"""An application whose Python resolvers declare nothing of what they read."""

from contextlib import suppress
from typing import Any

import fraiseql
from fraiseql.errors import FraiseQLError
from fraiseql.repositories import Repository

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE;
DROP SCHEMA IF EXISTS first CASCADE;
DROP TABLE IF EXISTS author, note, hidden, crate CASCADE;
CREATE TABLE crate (id int PRIMARY KEY, label text NOT NULL);
INSERT INTO crate VALUES (1, 'full');
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE note (id int PRIMARY KEY, author_id int NOT NULL, words text NOT NULL);
CREATE TABLE hidden (id int PRIMARY KEY);
CREATE VIEW v_note AS
  SELECT n.id, n.words, a.name AS author FROM note n JOIN author a ON a.id = n.author_id;
CREATE OR REPLACE FUNCTION shout(words text) RETURNS text IMMUTABLE LANGUAGE sql
  AS 'SELECT upper(words)';
CREATE OR REPLACE FUNCTION counted() RETURNS bigint STABLE LANGUAGE sql
  AS 'SELECT count(*) FROM hidden';
INSERT INTO author VALUES (1, 'Ada'), (2, 'Bo');
INSERT INTO note VALUES (1, 1, 'one'), (2, 2, 'two');
"""

CALLS: dict[str, int] = {}


def called(name: str) -> None:
    """Count a computation."""
    CALLS[name] = CALLS.get(name, 0) + 1


@fraiseql.type(sql_source="v_note")
class Note:
    id: int
    words: str
    author: str


@fraiseql.type(sql_source="author")
class Author:
    id: int
    name: str


@fraiseql.type(sql_source="crate", stored=fraiseql.Projection())
class Crate:
    id: int
    label: str


def cached(**options: Any) -> Any:
    """Declare a resolver that names none of its reads."""
    return fraiseql.query(cache=fraiseql.Cache(**options))


@cached()
async def notes(info: fraiseql.Info) -> list[Note]:
    """Read through a repository and a view."""
    called("notes")
    rows: list[Note] = await Repository(info.context["db"], info.context).find("v_note")
    return rows


@cached()
async def shadowed(info: fraiseql.Info) -> int:
    """Read a table without its schema."""
    return int(await info.context["db"].fetchval("SELECT count(id) FROM note"))


@fraiseql.type
class Shop:
    @fraiseql.field
    async def crates(self, info: fraiseql.Info) -> int:
        """Read below the resolver."""
        return int(await info.context["db"].fetchval("SELECT count(*) FROM crate"))


@cached()
def shop(info: fraiseql.Info) -> Shop:
    """Read nothing itself."""
    return Shop()


@cached()
async def crates(info: fraiseql.Info) -> list[Crate]:
    """Read stored documents."""
    rows: list[Crate] = await Repository(info.context["db"], info.context).find("crate")
    return rows


@cached()
async def words(info: fraiseql.Info, author_id: int) -> list[str]:
    """Read with SQL that has a parameter, and a function of our own."""
    called("words")
    rows = await info.context["db"].fetch(
        "SELECT shout(words) FROM note WHERE author_id = $1 ORDER BY id", author_id
    )
    return [row[0] for row in rows]


@cached()
async def branches(info: fraiseql.Info, by: str) -> int:
    """Read another table for each value of the argument, in a transaction."""
    called("branches")
    async with info.context["db"].transaction() as own:
        table = "author" if by == "author" else "note"
        return int(await own.fetchval(f"SELECT count(*) FROM {table}"))


@cached()
async def undeclared(info: fraiseql.Info) -> int:
    """Read a table that no type is declared with."""
    called("undeclared")
    return int(await info.context["db"].fetchval("SELECT count(*) FROM hidden"))


@cached()
def elsewhere(info: fraiseql.Info) -> int:
    """Read nothing that is recorded, as a client of another service."""
    called("elsewhere")
    return 1


@cached()
async def clock(info: fraiseql.Info) -> int:
    """Read the clock with SQL."""
    called("clock")
    return int(
        await info.context["db"].fetchval("SELECT count(*) FROM note WHERE now() > '2001-01-01'")
    )


@cached()
async def stable(info: fraiseql.Info) -> int:
    """Call a function whose reads PostgreSQL does not know."""
    return int(await info.context["db"].fetchval("SELECT counted()"))


@cached()
async def failing(info: fraiseql.Info) -> int:
    """Return a value although a statement fails."""
    with suppress(FraiseQLError):
        await info.context["db"].read("SELECT 1 / (id - id) FROM note", [])
    return int(await info.context["db"].fetchval("SELECT count(*) FROM note"))


@cached()
async def by_hand(info: fraiseql.Info) -> int:
    """Read with a connection of the pool."""
    called("by_hand")
    async with info.context["db"].pool.acquire() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM note"))


@cached()
async def settings(info: fraiseql.Info) -> int:
    """Change a setting before reading."""
    called("settings")
    async with info.context["db"].transaction() as own:
        await own.execute("SET LOCAL enable_sort = off")
        return int(await own.fetchval("SELECT count(*) FROM note"))


@cached(ttl="10m")
async def limited(info: fraiseql.Info) -> int:
    """Read what is recorded, with a limit."""
    called("limited")
    return int(await info.context["db"].fetchval("SELECT count(*) FROM note"))


@cached(ttl="10m")
def limited_elsewhere(info: fraiseql.Info) -> int:
    """Read nothing that is recorded, with a limit."""
    called("limited_elsewhere")
    return 1


@fraiseql.query
async def dashboard(info: fraiseql.Info) -> int:
    """Cache a value of a program's own, with a time only."""
    db = info.context["db"]

    async def compute() -> int:
        called("dashboard")
        return int(await db.fetchval("SELECT count(*) FROM v_note"))

    return int(await fraiseql.cached_query("dashboard:main", 300, compute))


@fraiseql.query
async def board(info: fraiseql.Info) -> int:
    """Do the same with statistics."""
    db = info.context["db"]

    async def compute() -> int:
        called("board")
        return int(await db.fetchval("SELECT count(*) FROM note"))

    cache = fraiseql.DatabaseCache(db)
    return int(await cache.get_or_compute("board:main", "board", 300, compute))


@cached()
async def nested(info: fraiseql.Info) -> int:
    """Use a cached value."""
    called("nested")
    db = info.context["db"]
    return int(
        await fraiseql.cached_query("n", 300, lambda: db.fetchval("SELECT count(*) FROM note"))
    )


QUERIES = [
    *(
        notes,
        crates,
        shop,
        shadowed,
        words,
        branches,
        undeclared,
        elsewhere,
        clock,
        stable,
        failing,
        by_hand,
        settings,
    ),
    *(limited, limited_elsewhere, dashboard, board, nested, fraiseql.find("authors", Author)),
]
