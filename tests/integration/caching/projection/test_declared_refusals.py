"""Declarations of projections that are refused before PostgreSQL is asked."""

from typing import Any

import pytest

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.errors import DeclarationError
from tests.integration.caching.ddl.env import applied, migrating, planned, sql
from tests.integration.caching.projection.declared import drift, published_of, reset_database
from tests.integration.flights import at_once

TABLES = """
CREATE TABLE person (id int PRIMARY KEY, name text, wage money, boss_id int, nick text,
  age float8, doc jsonb,
  shout text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE pet (id int PRIMARY KEY, person_id int, name text, born timestamptz, price money);
CREATE TABLE loose (id int, person_id int, name text);
CREATE VIEW people AS SELECT id, name FROM person;
CREATE TABLE parted (id int PRIMARY KEY, person_id int) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parted FOR VALUES FROM (1) TO (9);
CREATE TABLE elder (id int PRIMARY KEY, person_id int);
CREATE TABLE younger () INHERITS (elder);
CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY, person_id int);
CREATE TABLE guarded (id int PRIMARY KEY, person_id int);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE TABLE boss (id int PRIMARY KEY, boss_id int, doc jsonb);
CREATE EXTENSION citext;
CREATE TABLE called (id int NOT NULL, data int, body int UNIQUE NOT NULL,
  PRIMARY KEY (data, body));
CREATE TABLE bits (id bit(8) PRIMARY KEY, person_id int);
CREATE TABLE named (id citext PRIMARY KEY, person_id int);
DROP FOREIGN DATA WRAPPER IF EXISTS nowhere CASCADE;
CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER away FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE abroad (id int NOT NULL, person_id int) SERVER away;
INSERT INTO person SELECT n, 'p', 1, 1 FROM generate_series(1, 3000) n;
INSERT INTO pet SELECT n, 7, 'pet', NULL, NULL FROM generate_series(1, 40) n;
"""


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    at_once(reset_database(database, TABLES))
    return database


def held(source: str, **fields: Any) -> type:
    """Return an embedded type over a table."""
    body = {"__annotations__": {"id": int, **fields}, "__module__": __name__}
    return fraiseql.type(name=f"Held{source.title()}", sql_source=source)(type("Held", (), body))


def storable(source: str = "person", *, embed: Any = None, of: Any = None, **more: Any) -> type:
    """Return a type with a projection, and perhaps one embed that is called ``held``."""
    fields, options = more.pop("fields", {}), more.pop("options", {})
    annotations: dict[str, Any] = {"id": int, **fields}
    body: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
    if of is not None:
        annotations["held"], body["held"] = of, embed
    stored = fraiseql.Projection(**more)
    return fraiseql.type(name="Person", sql_source=source, stored=stored, **options)(
        type("Person", (), body)
    )


def listed(source: str, **options: Any) -> type:
    """Return a type with a projection that embeds a list of another table."""
    fields = options.pop("fields", {})
    embed = fraiseql.embed(source, on="person_id", **options)
    return storable(embed=embed, of=list[held(source, **fields)])  # type: ignore[misc]


def documented() -> type:
    """Return a type that embeds a type with a field inside a document."""
    body = {"__annotations__": {"id": int, "tier": str | None}, "__module__": __name__}
    of = fraiseql.type(name="Documented", sql_source="boss", jsonb_column="doc")(
        type("Documented", (), body)
    )
    return storable(embed=fraiseql.embed("boss", on="boss_id"), of=list[of])  # type: ignore[valid-type]


def single(source: str, target: str) -> type:
    embed = fraiseql.embed(source, via="boss_id", target_key=target)
    return storable(embed=embed, of=held(source) | None)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("type_", "code", "says"),
    [
        (storable(embeds=("hold",)), "UNKNOWN_EMBED", "embeds=()"),
        (storable("loose"), "NO_KEY", "unique index"),
        (storable(options={"key": ("nick",)}), "NO_KEY", "not unique"),
        (storable("people"), "TABLE_NOT_STORABLE", "MaterializedView"),
        (storable("part"), "TABLE_NOT_STORABLE", "declare its parent"),
        (storable("elder"), "TABLE_NOT_STORABLE", "inheritance"),
        (storable("abroad", options={"key": "id"}), "TABLE_NOT_STORABLE", "foreign"),
        (storable("fleeting"), "TABLE_NOT_STORABLE", "SET LOGGED"),
        (storable("guarded"), "ROW_SECURITY", "Leave the type live"),
        (storable("named", fields={"id": str}), "TABLE_NOT_STORABLE", "extension's type"),
        (storable("called"), "TABLE_NOT_STORABLE", "its key has a column 'data'"),
        (
            storable("called", options={"key": "body"}, text=True),
            "TABLE_NOT_STORABLE",
            "column 'body'",
        ),
        (storable("bits", fields={"id": str}), "TABLE_NOT_STORABLE", "cannot be hashed"),
        (storable(fields={"wage": str | None}), "COLUMN_NOT_STORABLE", "numeric"),
        (storable(fields={"age": int | None}), "COLUMN_NOT_STORABLE", "float"),
        (storable(options={"jsonb_column": "doc"}), "TABLE_NOT_STORABLE", "jsonb_column"),
        (listed("loose"), "NO_KEY", "primary key"),
        (listed("elder"), "TABLE_NOT_STORABLE", "inheritance"),
        (listed("guarded"), "ROW_SECURITY", "leave out the embed"),
        (listed("pet", fields={"price": str | None}), "COLUMN_NOT_STORABLE", "numeric"),
        (listed("pet", where="born > now()"), "PREDICATE_CHANGES", "now"),
        (listed("pet", where="xmin::text <> '5'"), "PREDICATE_CHANGES", "xmin"),
        (
            listed("pet", where="id IN (SELECT id FROM person)"),
            "PREDICATE_READS_MORE",
            "without SELECT",
        ),
        (listed("pet", where="id > 1 -- or so\n"), "PREDICATE_READS_MORE", "comments"),
        (
            listed("pet", where="nmae <> 'Rex'"),
            "EMBED_NOT_STORABLE",
            'column "nmae" does not exist',
        ),
        (listed("pet", where="id > 1 AND ("), "EMBED_NOT_STORABLE", "syntax error"),
        (documented(), "COLUMN_NOT_STORABLE", "it is part of jsonb_column='doc'"),
        (listed("pet", order_by="nome"), "EMBED_NOT_STORABLE", "Did you mean 'name'"),
        (single("pet", "person_id"), "EMBED_NOT_STORABLE", "undefined"),
    ],
)
async def test_it_is_refused_with_what_works(
    tables: str, type_: type, code: str, says: str
) -> None:
    plan = await planned(tables, type_)
    assert [refusal.code for refusal in plan.refusals] == [code]
    assert says in str(plan.refusals[0])
    assert plan.steps == ()
    async with migrating(tables) as (writer, wishes):
        with pytest.raises(DeclarationError) as caught:
            await apply(writer, await wishes(type_))
    assert caught.value.code == code
    assert await sql(tables, "SELECT 1 FROM pg_namespace WHERE nspname = 'fraiseql'") == []
    assert (await published_of(tables, type_))["Person"] is None


def boss(**options: Any) -> type:
    embed = fraiseql.embed("person", via="boss_id")
    return storable(embed=embed, of=held("person", name=str | None) | None, **options)


async def test_what_one_change_would_touch_too_widely(tables: str) -> None:
    (refusal,) = (await planned(tables, boss())).refusals
    assert (refusal.code, refusal.where) == ("FAN_OUT", "Person.held")
    assert "may affect 3,000 documents (3,000 by held); the budget is 1,000" in refusal.message
    for way in ("embeds=", 'mode="async"', "Projection(budget=3000)"):
        assert way in refusal.alternative
    for accepted in (boss(budget=3000), boss(mode="async"), boss(embeds=())):
        assert (await planned(tables, accepted)).refusals == ()


async def test_an_authors_posts_author_is_the_author(tables: str) -> None:
    """The way down and up again leads to one document, not to as many as there are rows."""
    owner = held("person", name=str | None)
    pet = fraiseql.type(name="Owned", sql_source="pet")(
        type(
            "Owned",
            (),
            {
                "__annotations__": {"id": int, "owner": owner | None},
                "__module__": __name__,
                "owner": fraiseql.embed("person", via="person_id"),
            },
        )
    )
    type_ = storable(
        embed=fraiseql.embed("pet", on="person_id", limit=9),
        of=list[pet],  # type: ignore[valid-type]
        embeds=("held.owner",),
        budget=5,
    )
    assert (await planned(tables, type_)).refusals == ()


async def test_statistics_answer_for_large_tables(
    tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fraiseql.caching.strategies.projection import fan_out  # noqa: PLC0415

    monkeypatch.setattr(fan_out, "_COUNTED", 0)
    await sql(tables, "ANALYZE person")
    (refusal,) = (await planned(tables, boss())).refusals
    assert "may affect 3,000 documents" in refusal.message


async def test_documents_within_the_budget_remain_stored(tables: str) -> None:
    try:
        await sql(tables, "UPDATE person SET boss_id = NULL")
        await applied(tables, boss())
        await sql(tables, "UPDATE person SET boss_id = 1")
        assert (await planned(tables, boss())).empty
        assert (await published_of(tables, boss()))["Person"] is not None
    finally:
        await reset_database(tables, TABLES)


async def test_a_table_that_a_subscription_writes(tables: str) -> None:
    await sql(
        tables,
        "CREATE SUBSCRIPTION far CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)",
    )
    try:
        await sql(
            tables,
            "INSERT INTO pg_subscription_rel SELECT oid, 'pet'::regclass, 'r', NULL"
            " FROM pg_subscription",
        )
        (refusal,) = (await planned(tables, listed("pet"))).refusals
        assert refusal.code == "TABLE_NOT_STORABLE"
        assert "subscription" in refusal.message
    finally:
        await sql(tables, "ALTER SUBSCRIPTION far SET (slot_name = NONE)")
        await sql(tables, "DROP SUBSCRIPTION far")


async def test_a_database_whose_transactions_are_of_another_level(tables: str) -> None:
    """Otherwise an apply would create triggers that refuse the application's writes."""
    name = (await sql(tables, "SELECT current_database()::text AS name"))[0]["name"]
    level = f"ALTER DATABASE {name} SET default_transaction_isolation"
    await sql(tables, f"{level} = 'repeatable read'")
    try:
        (refusal,) = (await planned(tables, storable(fields={"nick": str | None}))).refusals
        assert (refusal.code, refusal.create_only) == ("ISOLATION", True)
        queued = storable(mode="async")
        await applied(tables, queued)
        assert await drift(tables, queued) == 0
        await sql(tables, "UPDATE person SET name = 'written at its level' WHERE id = 1")
    finally:
        await sql(tables, f"ALTER DATABASE {name} RESET default_transaction_isolation")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mode": "comit"}, "commit, statement or async"),
        ({"embeds": "posts"}, "is one text"),
        ({"budget": 0}, "no document"),
        ({"max_bytes": 0}, "not between 1 and"),
        ({"max_bytes": 2**28}, "not between 1 and"),
    ],
)
def test_what_is_never_right_is_refused_at_once(options: dict[str, Any], says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        fraiseql.Projection(**options)


async def test_a_name_that_would_end_the_text_of_a_function(tables: str) -> None:
    """The rest of the name would run as SQL when the plan is applied."""
    await sql(tables, 'ALTER TABLE pet ADD COLUMN "x$fraiseql$; DROP TABLE person; --" text')
    try:
        (refusal,) = (await planned(tables, listed("pet", where="id > 0"))).refusals
        assert refusal.code == "TABLE_NOT_STORABLE"
        assert "$fraiseql$" in refusal.message
    finally:
        await sql(tables, 'ALTER TABLE pet DROP COLUMN "x$fraiseql$; DROP TABLE person; --"')
