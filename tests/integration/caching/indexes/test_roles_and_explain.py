"""Indexes with other roles, other types over the table, and explain."""

import json
import re
from pathlib import Path

import fraiseql
from fraiseql import Gin, Index
from tests.integration.caching.indexes.posts import explained, post, posts_served
from tests.integration.cli.program import fraiseql as command
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import served
from tests.sql_text import plain

ACTIVE = Index("id", where={"active": True, "rank": 7})
QUERY = "query ($w: PostWhere) { posts(where: $w, limit: 20) { id } }"
WHERE = {"w": {"active": {"eq": True}, "rank": {"eq": 7}}}
PROGRAM = """
from datetime import datetime
import fraiseql

@fraiseql.type(sql_source="tb_post", indexes=[fraiseql.Index("-created_at", where="active")])
class Post:
    id: int
    active: bool | None
    created_at: datetime

app = fraiseql.create_app(queries=[fraiseql.find("posts", Post, order_by="-created_at")])
"""
ASKED = "query ($a: Boolean) { posts(where: {active: {eq: $a}}, limit: 5) { id } }"


def test_a_role_that_owns_nothing_is_served_by_the_indexes(posts: str) -> None:
    with posts_served(posts, ACTIVE):
        pass
    at_once(run_sql(posts, "CREATE ROLE reads_only LOGIN", "GRANT SELECT ON tb_post TO reads_only"))
    try:
        other = posts.replace("postgres@", "reads_only@")
        with posts_served(other, ACTIVE, apply=False) as running:
            assert len(explained(running, QUERY, WHERE).indexes) == 1
    finally:
        at_once(run_sql(posts, "DROP OWNED BY reads_only", "DROP ROLE reads_only"))


def test_another_type_over_the_table_is_served_by_them_too(posts: str) -> None:
    @fraiseql.type(name="Other", sql_source="tb_post", jsonb_column="data")
    class Other:
        id: int
        active: bool | None
        rank: str | None

    with posts_served(posts, ACTIVE, Gin("data"), Index("id", where={"likes": 5})):
        pass
    declared = post(ACTIVE, Gin("data"), Index("id", where={"likes": 5}))
    with served(posts, types=[declared], queries=[fraiseql.find("others", Other)]) as running:
        query = "query ($w: OtherWhere) { others(where: $w) { id } }"
        report = explained(running, query, {"w": {"active": {"eq": True}, "rank": {"eq": "7"}}})
        # Its rank is text: not the number that the index asks for.
        assert '"active" = true' in plain(report.sql)
        assert "= $1::text" in plain(report.sql)
        rows = running.data(query, {"w": {"rank": {"eq": "7"}}})["others"]
        assert len(rows) == len([n for n in range(1, 60_001) if n % 900 == 7])


def test_explain_names_the_declared_index_of_any_plan(posts: str, tmp_path: Path) -> None:
    (tmp_path / "api.py").write_text(PROGRAM)
    done = command("db", "apply", "api:app", cwd=tmp_path, url=posts)
    assert done.returncode == 0, done.stderr
    done = command("db", "status", "api:app", cwd=tmp_path, url=posts)
    assert re.search(r'"public"\."ix_tb_post_\w+": \d+\.\d MB, used \d+ times\n', done.stdout)
    words = ["explain", "api:app", ASKED, "--variables"]
    done = command(*words, '{"a": true}', cwd=tmp_path, url=posts)
    assert "-- uses the declared index ix_tb_post_" in done.stdout
    done = command(*words, '{"a": false}', cwd=tmp_path, url=posts)
    assert "-- planned once, for any values:" in done.stdout
    assert "declared index" not in done.stdout
    done = command(*words, '{"a": true}', "--json", cwd=tmp_path, url=posts)
    (statement,) = json.loads(done.stdout)["statements"]
    assert len(statement["indexes"]) == 1
    assert statement["indexes"][0] in "\n".join(statement["generic"])
