"""Connections and global ids as Relay uses them: its compiler and its store, unchanged."""

import asyncio
import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from graphql import print_schema

import fraiseql
from tests.integration.http.application import served
from tests.integration.serving.served import execute

HERE: Final = Path(__file__).parent
PACKAGES: Final = HERE / "node_modules"
TABLES: Final = """
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE post (id int PRIMARY KEY, author_id int NOT NULL, title text NOT NULL);
INSERT INTO author VALUES (1, 'Ada');
INSERT INTO post SELECT n, 1, 'Post ' || n FROM generate_series(1, 5) AS n;
"""
DOCUMENTS: Final = """
const { graphql } = require("relay-runtime");

graphql`
  query AppQuery {
    authors(first: 1) { edges { node { id ...AppPosts } } }
  }
`;

graphql`
  fragment AppPosts on Author
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "AppPostsPaginationQuery") {
    posts(first: $count, after: $cursor) @connection(key: "App_posts") {
      edges { node { id title } }
      pageInfo { endCursor hasNextPage }
    }
  }
`;
"""


@fraiseql.type(sql_source="post")
class Post:
    id: int = fraiseql.field(name="rowId")
    title: str


@fraiseql.type(sql_source="author")
class Author:
    id: int = fraiseql.field(name="rowId")
    name: str
    posts: list[Post] = fraiseql.embed("post", on="author_id", order_by="id", connection=True)


QUERIES: Final = [
    *fraiseql.nodes(Author, Post, global_id="id"),
    fraiseql.connection("authors", Author),
]


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_relay_pages_through_a_connection(database: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node is not None, "node is missing: install Node.js 20 or newer, then `make setup-test`"
    assert (PACKAGES / "relay-compiler").is_dir(), "run `make setup-test`"
    app = fraiseql.create_app(database_url=database, queries=QUERIES)
    for name in ("src", "artifacts"):
        (tmp_path / name).mkdir()
    (tmp_path / "src" / "App.js").write_text(DOCUMENTS)
    schema = print_schema(fraiseql.build_schema(queries=QUERIES).graphql)
    (tmp_path / "schema.graphql").write_text(schema)
    config = {
        "src": "./src",
        "schema": "./schema.graphql",
        "language": "javascript",
        "eagerEsModules": False,
    }
    (tmp_path / "relay.config.json").write_text(
        json.dumps({**config, "artifactDirectory": "./artifacts"})
    )
    run(node, str(PACKAGES / "relay-compiler" / "cli.js"), folder=tmp_path)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, execute(database, TABLES)).result()
    with served(app) as address:
        answer = run(
            node, "relay.mjs", f"{address}/graphql", str(tmp_path / "artifacts"), folder=HERE
        )
    pages = json.loads(answer)
    assert pages["before"] == ["Post 1", "Post 2"]
    assert pages["after"] == ["Post 1", "Post 2", "Post 3", "Post 4"]
    assert pages["info"]["hasNextPage"] is True
