"""Objects of indexes: names, changes, refusals with alternatives."""

from datetime import datetime

import pytest

import fraiseql
from fraiseql import Gin, Index, RollingIndex
from fraiseql.errors import DeclarationError
from fraiseql.schema.storage import GeneratedColumn, MaterializedView
from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.indexes.posts import post
from tests.integration.caching.indexes.rolling import index_definitions

DRAFTS = Index(("author_id", "-created_at"), where={"state": "draft"})


async def definitions(url: str) -> list[str]:
    rows = await sql(url, "SELECT indexdef FROM pg_indexes WHERE tablename = 'tb_post'")
    return sorted(row[0] for row in rows if " ix_" in row[0])


async def test_the_index_ends_with_the_key_in_the_order_of_its_last_column(posts: str) -> None:
    await applied(posts, post(DRAFTS))
    (text,) = await definitions(posts)
    assert text.endswith(
        "USING btree (author_id, created_at DESC, id DESC) WHERE (state = 'draft'::text)"
    )
    assert (await planned(posts, post(DRAFTS))).empty


async def test_a_changed_declaration_is_built_before_the_first_one_goes(posts: str) -> None:
    await applied(posts, post(DRAFTS))
    plan = await applied(posts, post(Index("author_id")))
    assert [(step.action, step.transactional) for step in plan.steps] == [
        ("create", False),
        ("drop", False),
    ]
    assert all("CONCURRENTLY" in text for step in plan.steps for text in step.statements)
    assert len(await index_definitions(posts)) == 1


async def test_the_plan_says_what_is_locked(posts: str) -> None:
    await applied(posts, post())
    for declared in (DRAFTS, Gin("data"), RollingIndex("-created_at", window="30 days")):
        (step,) = (await planned(posts, post(declared))).steps
        assert "neither reads nor writes wait" in step.locks[0]


async def test_an_invalid_index_is_rebuilt(posts: str) -> None:
    await applied(posts, post(DRAFTS))
    (row,) = await index_definitions(posts)
    await sql(
        posts,
        f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{row['name']}'::regclass",
    )
    plan = await applied(posts, post(DRAFTS))
    assert [step.action for step in plan.steps] == ["rebuild"]
    assert [row["valid"] for row in await index_definitions(posts)] == [True]


async def test_one_index_for_two_types_over_one_table(posts: str) -> None:
    @fraiseql.type(name="Draft", sql_source="tb_post", indexes=[DRAFTS])
    class Draft:
        id: int
        state: str | None

    await applied(posts, post(DRAFTS), Draft)
    assert len(await index_definitions(posts)) == 1


async def test_names_fit_and_tell_definitions_apart(posts: str) -> None:
    await sql(posts, f'CREATE TABLE IF NOT EXISTS "{"é" * 31}" (id int PRIMARY KEY, n int)')

    @fraiseql.type(name="Long", sql_source="é" * 31, indexes=[Index("n"), Index("-n")])
    class Long:
        id: int
        n: int | None

    plan = await planned(posts, Long)
    names = [step.created[0].name.split(".")[1].strip('"') for step in plan.steps if step.created]
    assert len(set(names)) == 2
    assert all(len(name.encode()) <= 63 for name in names)


REFUSED = {
    "unknown column": (Index("creatd_at"), "INDEX_COLUMN", "Did you mean 'created_at'?"),
    "unknown in where": (Index("id", where={"activ": True}), "INDEX_COLUMN", "'active'?"),
    "json column": (Index("data"), "INDEX_COLUMN", "Gin(column)"),
    "now()": (
        Index("-created_at", where="created_at > NOW() - INTERVAL '30 days'"),
        "PREDICATE_CHANGES",
        'RollingIndex("-created_at", window="30 days")',
    ),
    "or": (Index("id", where="active OR state = 'x'"), "UNPROVEN_INDEX", "joined by AND"),
    "list": (Index("id", where={"state": ["a", "b"]}), "UNPROVEN_INDEX", "several values"),
    "value of another type": (Index("id", where={"likes": "x"}), "UNPROVEN_INDEX", "not fit"),
    "order of text": (Index("id", where={"state": {"gt": "a"}}), "UNPROVEN_INDEX", "by order"),
    "gin of a key": (Gin("slug"), "UNPROVEN_INDEX", "Index((name,))"),
    "gin of a column": (Gin("title"), "UNPROVEN_INDEX", "not the jsonb_column"),
    "rolling text": (RollingIndex("state", window="1 day"), "INDEX_COLUMN", "text"),
    "rolling key": (RollingIndex("slug", window="1 day"), "INDEX_COLUMN", "key of data"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_proven_is_refused_with_what_works(posts: str, case: str) -> None:
    declared, code, words = REFUSED[case]
    plan = await planned(posts, post(declared))
    (refusal,) = plan.refusals
    assert refusal.code == code
    assert words in str(refusal)
    assert plan.steps == ()


async def test_instants_inside_of_documents_are_refused(posts: str) -> None:
    @fraiseql.type(name="Timed", sql_source="tb_post", jsonb_column="data", indexes=[Index("at")])
    class Timed:
        id: int
        at: datetime | None

    (refusal,) = (await planned(posts, Timed)).refusals
    assert refusal.code == "INDEX_COLUMN"
    assert "a column of its own" in refusal.alternative


async def test_views_and_partitioned_tables_are_refused(posts: str) -> None:
    await sql(posts, "CREATE OR REPLACE VIEW v_some AS SELECT id, state FROM tb_post")
    await sql(
        posts,
        "DROP TABLE IF EXISTS parted; CREATE TABLE parted (id int, state text)"
        " PARTITION BY RANGE (id)",
    )
    for source in ("v_some", "parted"):

        @fraiseql.type(name="Other", sql_source=source, indexes=[Index("state")])
        class Other:
            id: int
            state: str | None

        (refusal,) = (await planned(posts, Other)).refusals
        assert refusal.code == "INDEX_TABLE"


async def test_a_generated_column_is_no_document_to_ask(posts: str) -> None:
    stored = GeneratedColumn("doc")

    @fraiseql.type(name="Short", sql_source="tb_post", stored=stored, indexes=[Gin("doc")])
    class Short:
        id: int
        state: str | None

    refusals = (await planned(posts, Short)).refusals
    assert [refusal.code for refusal in refusals] == ["UNPROVEN_INDEX"]


async def test_what_fraiseql_makes_itself_takes_no_indexes(posts: str) -> None:
    view = MaterializedView(sql="SELECT 1 AS id, 2 AS n", refresh="1h")

    @fraiseql.type(name="Counted", sql_source="mv_counted", stored=view, indexes=[Index("n")])
    class Counted:
        id: int
        n: int

    refusals = (await planned(posts, Counted)).refusals
    assert "INDEX_TABLE" in {refusal.code for refusal in refusals}


@pytest.mark.parametrize(
    "declare",
    [
        lambda: post("title"),
        lambda: Index(()),
        lambda: RollingIndex("-created_at", window="a while"),
        lambda: RollingIndex("-created_at", window="1 day", step="2 days"),
        lambda: fraiseql.type(indexes="title")(type("Post", (), {})),
        lambda: fraiseql.type(indexes=Index("title"))(type("Post", (), {})),
    ],
)
def test_what_is_never_right_is_refused_at_once(declare: object) -> None:
    with pytest.raises(DeclarationError):
        declare()  # type: ignore[operator]
