"""Every kind of index is used by the generic plan of the statements that are compiled for it."""

from datetime import UTC, datetime, timedelta

import pytest

import fraiseql
from fraiseql import Gin, Index, RollingIndex
from fraiseql.database import Identity
from fraiseql.schema.info import CONTEXT_KEY
from fraiseql.serving.execution.generic import prove
from tests.integration.caching.ddl.env import applied
from tests.integration.caching.indexes.posts import explained, post, posts_served
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import served

LATELY = (datetime.now(UTC) - timedelta(days=20)).isoformat()
WHERE = "query ($w: PostWhere) { posts(where: $w, limit: 20) { id } }"
NEWEST = (
    "query ($w: PostWhere) { posts(where: $w, orderBy: [{createdAt: DESC}], limit: 20) { id } }"
)
ACTIVE = {"active": {"eq": True}, "deletedAt": {"isNull": True}}
CASES = {
    "order": (Index(("-created_at",)), NEWEST, {}),
    "two columns": (
        Index(("author_id", "-created_at")),
        NEWEST,
        {"authorId": {"eq": 7}},
    ),
    "key of a document": (Index("slug"), WHERE, {"slug": {"eq": "slug-7"}}),
    "number of a document": (Index(("rank",)), WHERE, {"rank": {"eq": 7}}),
    "partial, by a mapping": (
        Index(("-created_at",), where={"active": True, "deleted_at": None}),
        NEWEST,
        ACTIVE,
    ),
    "partial, by text": (
        Index("-created_at", where="active AND deleted_at IS NULL"),
        NEWEST,
        ACTIVE,
    ),
    "partial, text constant": (
        Index(("author_id",), where={"state": "draft"}),
        WHERE,
        {"state": {"eq": "draft"}, "authorId": {"eq": 50}},
    ),
    "partial, enum": (
        Index("id", where={"mood": "loud"}),
        WHERE,
        {"mood": {"eq": "LOUD"}},
    ),
    "partial, more than": (
        Index("id", where="likes > 2900"),
        WHERE,
        {"likes": {"gte": 2950}},
    ),
    "partial, key of a document": (
        Index("id", where="(data->>'tier') = 'premium'"),
        WHERE,
        {"tier": {"eq": "premium"}},
    ),
    "rolling": (
        RollingIndex("-created_at", window="30 days"),
        NEWEST,
        {"createdAt": {"gt": LATELY}},
    ),
    "rolling, local": (
        RollingIndex("local", window="30 days"),
        "query ($w: PostWhere) { posts(where: $w, orderBy: [{local: ASC}], limit: 20) { id } }",
        {"local": {"gte": LATELY}},
    ),
    "rolling, date": (
        RollingIndex("day", window="30 days"),
        "query ($w: PostWhere) { posts(where: $w, orderBy: [{day: ASC}], limit: 20) { id } }",
        {"day": {"gte": LATELY[:10]}},
    ),
    "gin, text": (Gin("data"), WHERE, {"slug": {"eq": "slug-7"}}),
    "gin, text that reads like a number": (Gin("data"), WHERE, {"code": {"eq": "77"}}),
    "gin, number": (Gin("data"), WHERE, {"rank": {"eq": 7}}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_generic_plan_uses_the_index(posts: str, case: str) -> None:
    index, query, where = CASES[case]
    with posts_served(posts, index) as running:
        report = explained(running, query, {"w": where})
        plan = "\n".join(report.generic)
        assert len(report.indexes) == 1, f"{report.sql}\n{plan}"
        assert "Seq Scan" not in plan
        assert report.indexes[0].startswith("ix_tb_post_")


def test_constants_of_the_document_itself_are_literals(posts: str) -> None:
    index = Index("id", where={"active": True, "state": "draft"})
    with posts_served(posts, index) as running:
        report = explained(
            running, '{ posts(where: {active: {eq: true}, state: {eq: "draft"}}) { id } }'
        )
        assert report.parameters == ()
        assert len(report.indexes) == 1, report


@pytest.mark.parametrize("null", [True, False])
def test_whether_a_value_is_null_is_decided_by_the_request(posts: str, null: bool) -> None:
    query = "query ($none: Boolean!) { posts(where: {deletedAt: {isNull: $none}}) { id } }"
    with posts_served(posts, Index("id", where={"deleted_at": None})) as running:
        report = explained(running, query, {"none": null})
        assert report.parameters == ()
        assert len(report.indexes) == int(null), report


def test_a_value_that_no_index_asks_for_stays_a_parameter(posts: str) -> None:
    with posts_served(posts, Index("id", where={"state": "draft"})) as running:
        report = explained(running, WHERE, {"w": {"state": {"eq": "open"}}})
        assert report.parameters == ("'open'",)
        assert report.indexes == ()


@pytest.mark.parametrize("moment", ["gt", "gte", "eq"])
def test_a_value_before_the_cut_off_is_not_bounded_by_it(posts: str, moment: str) -> None:
    long_ago = (datetime.now(UTC) - timedelta(days=90)).isoformat()
    with posts_served(posts, RollingIndex("-created_at", window="30 days")) as running:
        report = explained(running, NEWEST, {"w": {"createdAt": {moment: long_ago}}})
        assert report.sql.count('"created_at" ') == 2  # the comparison and the order
        assert report.indexes == ()
        report = explained(running, NEWEST, {"w": {"createdAt": {moment: LATELY}}})
        assert report.sql.count('"created_at" ') == 3
        assert len(report.indexes) == 1


def test_a_repository_reads_by_the_index(posts: str) -> None:
    index = Index("id", where={"active": True, "deleted_at": None})
    with posts_served(posts, index) as running:
        context = running.service.context()
        reader = context[CONTEXT_KEY].reader
        for is_null, used in ((True, 1), (False, 0)):
            where = {"active": is_null, "deleted_at": None}
            reading = reader.prepare("tb_post", where, ["id"], limit=20)
            query = reading.prepared.query.choose(reading.values)
            plan = running.run(prove(running.service.pool, query, Identity.NONE))
            assert sum(name.startswith("ix_") for name in plan.indexes) == used


def test_an_embedded_list_is_read_by_the_index(posts: str) -> None:
    posts_type = post(Index(("author_id", "-created_at")))

    @fraiseql.type(sql_source="tb_author")
    class Author:
        id: int
        posts: list[posts_type] = fraiseql.embed(  # type: ignore[valid-type]
            "tb_post", on="author_id", order_by="-created_at", limit=3
        )

    authors = "CREATE TABLE IF NOT EXISTS tb_author AS SELECT generate_series(1, 500) AS id"
    keyed = "ALTER TABLE tb_author ADD PRIMARY KEY (id)"
    at_once(run_sql(posts, "DROP TABLE IF EXISTS tb_author", authors, keyed))
    at_once(applied(posts, posts_type))
    queries = [fraiseql.find("authors", Author)]
    with served(posts, queries=queries) as running:
        report = explained(running, "{ authors(limit: 5) { id posts { id } } }")
        assert len(report.indexes) == 1, report
        assert "Sort" not in "\n".join(report.generic)
