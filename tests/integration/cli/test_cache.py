"""``fraiseql cache``: statistics, invalidation and cleaning."""

import json
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fraiseql.cli.listen import bind_near, port_of
from fraiseql.cli.main import main
from fraiseql.demo.client import HttpClient
from tests.integration.cli.program import HOST, PATIENCE, Running, fraiseql, running
from tests.integration.flights import at_once, run_sql
from tests.ports import FIRST_PORT
from tests.redis_server import RedisServer

API = """
import fraiseql

@fraiseql.type(sql_source="tb_user")
class User:
    id: int
    first_name: str

@fraiseql.type(sql_source="v_post")
class Post:
    id: int

@fraiseql.type
class Total:
    count: int

@fraiseql.query(cache=fraiseql.Cache(tags=("tb_post.author={author}", "board")))
async def total(info, author: int) -> Total:
    sql = "SELECT count(*)::int FROM tb_post WHERE author = $1"
    return Total(count=await info.context["db"].fetchval(sql, author))

app = fraiseql.create_app(
    queries=[
        fraiseql.find("users", User, cache=fraiseql.Cache()),
        fraiseql.find("people", User, cache=fraiseql.Cache(store="redis")),
        fraiseql.find("posts", Post, cache=fraiseql.Cache(store="logged")),
        total,
    ],
    database_url=DATABASE,
    redis_url=REDIS,
    worker=False,
)
"""
TABLES = (
    "CREATE TABLE tb_user (id int PRIMARY KEY, first_name text NOT NULL)",
    "CREATE TABLE tb_post (id int PRIMARY KEY, author int NOT NULL)",
    "CREATE VIEW v_post AS SELECT id FROM tb_post",
    "INSERT INTO tb_user VALUES (1, 'Ada'), (2, 'Alan')",
    "INSERT INTO tb_post VALUES (1, 1), (2, 1), (3, 2)",
)
QUERIES = {
    "users": "{ users { firstName } }",
    "people": "{ people { firstName } }",
    "posts": "{ posts { id } }",
    "total": "{ total(author: 1) { count } }",
}


@dataclass
class Site:
    """A served application and its directory.

    Attributes:
        module: Path of its file; modules of two sites have two names.
        url: Of the database.
        port: Of the server.
        server: The process.
    """

    module: Path
    url: str
    port: int
    server: Running

    def ask(self, name: str) -> str:
        """Return how a query was answered: ``hit``, or why not."""
        with HttpClient(HOST, self.port) as client:
            answer = client.post(QUERIES[name], {})
        assert answer.status == 200, answer.body
        assert b"errors" not in answer.body, answer.body
        return "hit" if "hit" in answer.cache else answer.cache.partition('detail="')[2].strip('"')

    def fill(self, *names: str) -> None:
        """Repeat until each query hits: results are stored a moment later."""
        deadline = time.monotonic() + PATIENCE
        for name in names:
            while self.ask(name) != "hit":
                assert time.monotonic() < deadline, self.server.text()

    def main(self, *words: str) -> tuple[int, str, str]:
        """Run a command in this process; return its exit code, output and errors."""
        out, err = StringIO(), StringIO()
        command = ["cache", words[0], f"{self.module}:app", *words[1:]]
        with redirect_stdout(out), redirect_stderr(err):
            code = main(command)
        return code, out.getvalue(), err.getvalue()

    def run(self, *words: str) -> str:
        """Run a command that succeeds and return what it prints."""
        code, out, err = self.main(*words)
        assert code == 0, err
        return out

    def facts(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))

    def rows(self, sql: str) -> list[Any]:
        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.url)
            try:
                return await connection.fetch(sql)
            finally:
                await connection.close()

        return at_once(ask())


@pytest.fixture(scope="module")
def site(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The application above, applied and served."""
    home = tmp_path_factory.mktemp("site")
    at_once(run_sql(database, *TABLES))
    with RedisServer(tmp_path_factory.mktemp("redis")) as redis:
        module = home / f"api_{home.name}.py"
        text = API.replace("REDIS", repr(redis.url)).replace("DATABASE", repr(database))
        module.write_text(text)
        done = fraiseql("db", "apply", f"{module}:app", cwd=home)
        assert done.returncode == 0, done.stderr
        with bind_near(HOST, FIRST_PORT + 500) as bound:
            port = port_of(bound)
        with running("serve", f"{module}:app", "--port", str(port), cwd=home) as server:
            server.answer(port, QUERIES["users"])
            yield Site(module, database, port, server)


def test_purges_a_query_from_each_store(site: Site) -> None:
    for name in ("users", "people", "posts"):
        site.fill("users", "people", "posts")
        purged = site.facts("purge", "--query", name)
        assert (purged["entries"] >= 1, purged["tags"]) == (True, [f"query:{name}"])
        assert site.ask(name) == "absent"
        assert all(site.ask(other) == "hit" for other in {"users", "people", "posts"} - {name})


def test_purges_what_reads_the_tables_of_a_type(site: Site) -> None:
    site.fill("users", "people", "posts", "total")
    site.run("purge", "--type", "Post")
    assert [site.ask(name) for name in ("posts", "total")] == ["changed", "changed"]
    assert [site.ask(name) for name in ("users", "people")] == ["hit", "hit"]
    site.run("purge", "--type", "User")
    assert [site.ask(name) for name in ("users", "people")] == ["changed", "changed"]


@pytest.mark.parametrize("word", ["board", "label:board", "v_post", "public.tb_post"])
def test_purges_by_label_and_by_relation(site: Site, word: str) -> None:
    site.fill("total", "users")
    assert site.facts("purge", "--tag", word)["entries"] >= 1
    assert [site.ask(name) for name in ("total", "users")] == ["changed", "hit"]


def test_purges_one_key(site: Site) -> None:
    site.fill("users", "posts")
    (row,) = site.rows(
        "SELECT key FROM fraiseql.result_cache_entries WHERE query = 'users' AND behind IS NULL"
    )
    assert site.run("purge", "--key", row["key"]) == "1 entry invalidated.\n"
    assert [site.ask(name) for name in ("users", "posts")] == ["redefined", "hit"]
    site.fill("users")


def test_purges_all(site: Site) -> None:
    site.fill("users", "people", "posts")
    purged = site.facts("purge", "--all")
    assert set(purged["tags"]) == {f"query:{name}" for name in QUERIES}
    assert [site.ask(name) for name in ("users", "people", "posts")] == ["absent"] * 3


def test_cleans_unusable_entries(site: Site) -> None:
    site.fill("users", "posts")
    site.run("purge", "--type", "User")
    assert site.facts("clean")["segments"] == 1
    assert site.ask("posts") == "hit"
    assert site.run("clean").startswith("0 bytes freed")


def test_stats_show_what_processes_counted(site: Site) -> None:
    site.fill("users", "people", "posts", "total")
    hits = 5
    for _ in range(hits):
        assert site.ask("users") == "hit"
    # It writes its statistics as it stops.
    assert site.server.stop() == 0
    site.run("purge", "--type", "User")
    stats = site.facts("stats", "--keys", "2")
    queries = {row["query"]: row for row in stats["queries"]}
    assert set(QUERIES) == set(queries)
    users = queries["users"]
    assert users["hits"] >= hits
    assert users["stored"] >= 1
    assert users["reasons"]["absent"] >= 1
    assert 0 < users["ratio"] < 1
    stores = {row["store"]: row for row in stats["stores"]}
    assert set(stores) == {"unlogged", "logged", "redis"}
    assert all(row["entries"] >= 1 and row["bytes"] > 0 for row in stores.values())
    assert stores["logged"]["bytes"] <= stores["logged"]["max_bytes"]
    assert stats["keys"][0]["hits"] >= stats["keys"][1]["hits"] >= 1
    text = site.run("stats", "--keys", "1")
    assert "no hit: " in text
    assert stats["keys"][0]["key"] in text
    assert "logged: " in text
    assert (stats["log"]["rows"] >= 1, stats["log"]["forced"]) == (True, 0)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["purge"], "purge has no selector"),
        (["purge", "--all", "--query", "users"], "--query and --all"),
        (["purge", "--query", "user"], "Did you mean 'users'?"),
        (["purge", "--type", "Usr"], "Did you mean 'User'?"),
        (["purge", "--type", "Total"], "has no sql_source"),
        (["purge", "--tag", "bord"], "Did you mean 'board'?"),
        (["purge", "--key", "abc"], "64 hexadecimal digits"),
        (["stats", "--keys", "-1"], "0 or more"),
    ],
)
def test_wrong_use_is_said(site: Site, words: list[str], part: str) -> None:
    code, out, err = site.main(*words)
    assert (code, out) == (2, "")
    assert part in err


def test_says_so_where_nothing_was_applied(project: Path, database_url: str) -> None:
    done = fraiseql("cache", "stats", "api:app", cwd=project, url=database_url)
    assert done.returncode == 2
    assert "fraiseql db apply" in done.stderr
