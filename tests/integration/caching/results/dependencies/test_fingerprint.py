"""Shape: a prepared look-up notices every change of a definition at its very next execution."""

import asyncio
from typing import Any

import asyncpg
import pytest

from fraiseql.caching.dependencies.fingerprint import shape_sql
from fraiseql.caching.dependencies.privileges import roles_digest
from fraiseql.caching.results.checks import check_sql
from fraiseql.caching.results.dependencies import Dependencies
from fraiseql.caching.results.watched import watched_for
from tests.cache_environment import apply_schema
from tests.integration.caching.results.dependencies.env import (
    cached,
    depended,
    looked,
    planned,
    run,
)

CHANGES = {
    "function": (
        "v_outer",
        """CREATE OR REPLACE FUNCTION louder(said text) RETURNS text IMMUTABLE LANGUAGE sql
        AS 'SELECT lower(said)'""",
    ),
    "view": ("v_outer", "CREATE OR REPLACE VIEW v_outer AS SELECT id, name, mood FROM v_inner"),
    "inner view": (
        "v_outer",
        "CREATE OR REPLACE VIEW v_inner AS SELECT id, lower(name) AS name, mood FROM tb_user",
    ),
    "function of a policy": (
        "tb_secret",
        """CREATE OR REPLACE FUNCTION within(secret int) RETURNS boolean IMMUTABLE LANGUAGE sql
        AS 'SELECT secret > 1'""",
    ),
    "attribute of a type": ("tb_grant", "ALTER TYPE pair RENAME ATTRIBUTE second TO other"),
    "trigger off": ("v_outer", "ALTER TABLE tb_user DISABLE TRIGGER fraiseql_changes"),
    "trigger of origin only": ("v_outer", "ALTER TABLE tb_user ENABLE TRIGGER fraiseql_changes"),
    "trigger gone": ("v_outer", "DROP TRIGGER fraiseql_changes ON tb_user"),
    "trigger of a partition off": ("tb_day", "ALTER TABLE tb_day_1 DISABLE TRIGGER ALL"),
    "trigger above off": ("tb_day_1", "ALTER TABLE ONLY tb_day DISABLE TRIGGER ALL"),
    "trigger of what a policy reads off": ("tb_secret", "ALTER TABLE tb_grant DISABLE TRIGGER ALL"),
    "policy more": ("tb_secret", "CREATE POLICY mine ON tb_secret USING (owner = current_user)"),
    "policy other": ("tb_secret", "ALTER POLICY granted ON tb_secret USING (true)"),
    "policy gone": ("tb_secret", "DROP POLICY granted ON tb_secret"),
    "row security": ("tb_post", "ALTER TABLE tb_post ENABLE ROW LEVEL SECURITY"),
    "row security forced": ("tb_secret", "ALTER TABLE tb_secret FORCE ROW LEVEL SECURITY"),
    "row security off": ("tb_secret", "ALTER TABLE tb_secret DISABLE ROW LEVEL SECURITY"),
    "partition more": ("tb_day", "CREATE TABLE tb_day_2 PARTITION OF tb_day FOR VALUES IN (2)"),
    "partition gone": ("tb_day", "ALTER TABLE tb_day DETACH PARTITION tb_day_1"),
    "type of a column": ("tb_post", "ALTER TABLE tb_post ALTER COLUMN words TYPE bigint"),
    "column more": ("tb_post", "ALTER TABLE tb_post ADD COLUMN more int"),
    "column renamed": ("tb_post", "ALTER TABLE tb_post RENAME COLUMN slug TO mark2"),
    "column gone": ("tb_post", "ALTER TABLE tb_post DROP COLUMN doc"),
    "domain": ("v_kinds", "ALTER DOMAIN brief ADD CHECK (value <> 'x')"),
    "cast": ("v_inner", "CREATE CAST (mood AS json) WITH INOUT"),
    "aggregate": (
        "v_kinds",
        "CREATE OR REPLACE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')",
    ),
    "function of a class": (
        "tb_grant",
        """CREATE OR REPLACE FUNCTION order_pair(p pair, q pair) RETURNS int
        IMMUTABLE LANGUAGE sql AS 'SELECT 0'""",
    ),
    "operator class": ("tb_grant", "DROP OPERATOR CLASS pairs USING btree CASCADE"),
    "dictionary": ("v_kinds", "ALTER TEXT SEARCH DICTIONARY stems (STOPWORDS = english)"),
    "configuration": (
        "v_kinds",
        "ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR asciiword WITH simple",
    ),
    "label": ("v_outer", "ALTER TYPE mood RENAME VALUE 'sad' TO 'low'"),
    "label more": ("v_outer", "ALTER TYPE mood ADD VALUE 'calm' BEFORE 'glad'"),
    "right": ("tb_post", "GRANT SELECT ON tb_post TO PUBLIC"),
    "table truncated": ("tb_post", "TRUNCATE tb_post"),
    "another schema in its place": (
        "tb_post",
        """ALTER SCHEMA public RENAME TO before; CREATE SCHEMA public;
        CREATE TABLE public.tb_post (LIKE before.tb_post)""",
    ),
}
"""What is read, and the change."""


@pytest.fixture
async def logged_tables(url: str) -> str:
    await apply_schema(url, cached("v_outer"))
    tables = ("tb_post", "tb_secret", "tb_grant", "tb_day", "tb_day_1")
    trigger = (
        "CREATE OR REPLACE TRIGGER fraiseql_changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
        " ON {0} FOR EACH STATEMENT EXECUTE FUNCTION fraiseql.changed();"
        " ALTER TABLE ONLY {0} ENABLE ALWAYS TRIGGER fraiseql_changes"
    )
    await run(url, ";".join(trigger.format(table) for table in tables))
    return url


def checked(dependencies: Dependencies) -> str:
    """A freshness check that compares dependencies, twice as if of two fields."""
    compared = watched_for(dependencies, ())
    return check_sql(compared | compared).statement


def numbers(row: asyncpg.Record) -> tuple[int, int]:
    return row["planned"], row["read"]


async def test_every_change_is_noticed_at_once(url: str, logged_tables: str) -> None:
    missed = []
    for name, (relation, change) in CHANGES.items():
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            before = await depended(url, relation)
            statement = await connection.prepare(looked(before))
            values = [await statement.fetchval() for _ in range(3)]
            assert values == [before.fingerprint] * 3, name
            check = await connection.prepare(checked(before))
            first = await check.fetchrow(*[None] * 6)
            await run(url, change)
            if await statement.fetchval() == before.fingerprint:
                missed.append(name)
            if numbers(await check.fetchrow(*[None] * 6)) == numbers(first):
                missed.append(f"{name}, by a freshness check")
        finally:
            await connection.close()
    assert missed == []


async def test_a_log_that_was_emptied_by_hand_is_noticed_at_once(
    url: str, logged_tables: str
) -> None:
    for table in ("changes", "changes_floor"):
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            before = await depended(url, "tb_post")
            # A look-up reads both.
            read = f"NOT EXISTS (SELECT FROM fraiseql.{table} WHERE tag = 'none')"
            statement = await connection.prepare(f"{looked(before)} AND {read}")
            assert await statement.fetchval() == before.fingerprint
            await run(url, f"TRUNCATE fraiseql.{table}")
            assert await statement.fetchval() != before.fingerprint
            await run(url, f"VACUUM ANALYZE fraiseql.{table}")
            assert await statement.fetchval() == (await depended(url, "tb_post")).fingerprint
        finally:
            await connection.close()


async def test_what_changes_nothing_is_no_change(url: str, logged_tables: str) -> None:
    before = await depended(url, "v_outer", "tb_day")
    await run(
        url,
        "INSERT INTO tb_user VALUES (1, 'x'); INSERT INTO tb_day VALUES (1, 1)",
        "VACUUM ANALYZE tb_user",
        "ANALYZE tb_day",
        "CREATE TABLE other (id int)",
        "COMMENT ON TABLE tb_user IS 'people'",
    )
    assert (await depended(url, "v_outer", "tb_day")).fingerprint == before.fingerprint


async def waited(
    url: str, reader: asyncpg.Connection, changer: asyncpg.Connection, statement: Any
) -> int:
    """What a look-up says that waited for a view to be replaced."""
    change = changer.transaction()
    await change.start()
    await changer.execute("CREATE OR REPLACE VIEW v_inner AS SELECT id, name, mood FROM tb_user")
    waiting = asyncio.create_task(statement.fetchval())
    own = reader.get_server_pid()
    query = f"SELECT wait_event_type FROM pg_stat_activity WHERE pid = {own}"
    while (await run(url, query))[0][0] != "Lock":  # noqa: ASYNC110 - of another session
        await asyncio.sleep(0.01)
    await change.commit()
    return int(await waiting)


async def test_a_look_up_that_waited_for_the_change_notices_it(
    url: str, logged_tables: str
) -> None:
    reader, changer = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        await reader.execute("SET plan_cache_mode = force_generic_plan")
        before = await depended(url, "v_outer")
        statement = await reader.prepare(looked(before))
        assert await statement.fetchval() == before.fingerprint
        waiting = await waited(url, reader, changer, statement)
        after = await depended(url, "v_outer")
        assert after.fingerprint != before.fingerprint
        # Its snapshot for planning is older than the change.
        assert waiting != before.fingerprint
        assert await statement.fetchval() != before.fingerprint
    finally:
        await reader.close()
        await changer.close()


async def test_one_function_alone_would_not_notice_what_it_waited_for(
    url: str, logged_tables: str
) -> None:
    """The snapshot of planning is older: that is why another function takes one of its own."""
    body = shape_sql("objects")
    await run(
        url,
        "CREATE OR REPLACE FUNCTION fraiseql.result_shape(objects oid[]) RETURNS bigint"
        f" LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN {body}; END $$",
    )
    reader, changer = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        await reader.execute("SET plan_cache_mode = force_generic_plan")
        before = await depended(url, "v_outer")
        statement = await reader.prepare(looked(before))
        assert await statement.fetchval() == before.fingerprint
        await waited(url, reader, changer, statement)
        assert await statement.fetchval() == before.fingerprint
    finally:
        await reader.close()
        await changer.close()


async def test_a_table_that_a_subscription_writes_is_noticed(url: str, logged_tables: str) -> None:
    before = await depended(url, "tb_post")
    connection = await asyncpg.connect(url)
    try:
        statement = await connection.prepare(looked(before))
        assert await statement.fetchval() == before.fingerprint
        await run(
            url,
            "CREATE SUBSCRIPTION far CONNECTION 'host=/nowhere' PUBLICATION p"
            " WITH (connect = false)",
        )
        await run(
            url,
            "SET allow_system_table_mods = on",
            "INSERT INTO pg_subscription_rel SELECT oid, 'tb_post'::regclass, 'r', NULL"
            " FROM pg_subscription",
        )
        assert await statement.fetchval() != before.fingerprint
        plan = await planned(url, cached("tb_post"))
        assert "CACHE_WRITES_NOT_SEEN" in [refusal.code for refusal in plan.refusals]
    finally:
        await connection.close()
        await run(
            url,
            "DELETE FROM pg_subscription_rel",
            "ALTER SUBSCRIPTION far SET (slot_name = NONE)",
            "DROP SUBSCRIPTION far",
        )


async def test_constants_of_a_predicate_are_seen(url: str, logged_tables: str) -> None:
    """PostgreSQL writes down no dependency of a predicate that stands in no view."""
    connection = await asyncpg.connect(url)
    try:
        predicate = "to_tsvector('words', name) @@ to_tsquery('a')"
        before = await depended(url, "tb_user", predicate=predicate)
        statement = await connection.prepare(looked(before))
        assert await statement.fetchval() == before.fingerprint
        await run(url, "ALTER TEXT SEARCH CONFIGURATION words DROP MAPPING FOR word")
        assert await statement.fetchval() != before.fingerprint
    finally:
        await connection.close()


async def test_another_version_of_an_extension_is_noticed(url: str, logged_tables: str) -> None:
    await run(url, "ALTER EXTENSION plpgsql ADD FUNCTION louder(text)")
    connection = await asyncpg.connect(url)
    try:
        before = await depended(url, "v_outer")
        statement = await connection.prepare(looked(before))
        assert await statement.fetchval() == before.fingerprint
        await run(url, "UPDATE pg_extension SET extversion = extversion WHERE extname = 'plpgsql'")
        assert await statement.fetchval() != before.fingerprint
    finally:
        await connection.close()
        await run(url, "ALTER EXTENSION plpgsql DROP FUNCTION louder(text)")


async def test_a_generated_column_is_part_of_the_shape(url: str, logged_tables: str) -> None:
    (version,) = await run(url, "SELECT current_setting('server_version_num')::int AS number")
    # Virtual columns, and another expression without writing the table anew, came with 18.
    virtual = version["number"] >= 180_000
    kind, change = (
        ("", "SET EXPRESSION AS (words * 3)") if virtual else ("STORED", "DROP EXPRESSION")
    )
    column = f"twice int GENERATED ALWAYS AS (words * 2) {kind}"
    await run(url, f"ALTER TABLE tb_post ADD COLUMN {column}")
    before = await depended(url, "tb_post")
    await run(url, f"ALTER TABLE tb_post ALTER COLUMN twice {change}")
    assert (await depended(url, "tb_post")).fingerprint != before.fingerprint


async def test_a_recreated_relation_has_another_fingerprint_and_tags(
    url: str, logged_tables: str
) -> None:
    connection = await asyncpg.connect(url)
    try:
        before = await depended(url, "tb_post")
        statement = await connection.prepare(looked(before))
        assert await statement.fetchval() == before.fingerprint
        await run(
            url,
            "ALTER TABLE tb_post RENAME TO tb_old; CREATE TABLE tb_post (LIKE tb_old)",
            "DROP TABLE tb_old CASCADE",
        )
        assert await statement.fetchval() != before.fingerprint
        assert (await depended(url, "tb_post")).tags != before.tags
    finally:
        await connection.close()


async def test_a_right_that_is_taken_away_is_an_error(url: str, logged_tables: str) -> None:
    await run(
        url,
        "DROP ROLE IF EXISTS shape_reader; CREATE ROLE shape_reader;"
        " GRANT shape_reader TO current_user; GRANT SELECT ON v_outer TO shape_reader;"
        " GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA fraiseql TO shape_reader",
    )
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET ROLE shape_reader")
        before = await depended(url, "v_outer")
        statement = await connection.prepare(looked(before))
        assert await statement.fetchval() == before.fingerprint
        await run(url, "REVOKE SELECT ON v_outer FROM shape_reader")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await statement.fetchval()
    finally:
        await connection.close()
        await run(url, "DROP OWNED BY shape_reader; DROP ROLE shape_reader")


async def test_what_a_role_may_do_has_a_number(url: str) -> None:
    roles = "ARRAY['shape_member'::regrole::oid]"
    query = f"SELECT {roles_digest(roles)}"
    await run(
        url,
        "DROP ROLE IF EXISTS shape_member; DROP ROLE IF EXISTS shape_group;"
        " CREATE ROLE shape_member; CREATE ROLE shape_group",
    )
    try:
        seen = [(await run(url, query))[0][0]]
        for change in (
            "GRANT shape_group TO shape_member",
            "ALTER ROLE shape_member BYPASSRLS",
            "ALTER ROLE shape_member SUPERUSER",
            "REVOKE shape_group FROM shape_member",
        ):
            await run(url, change)
            seen.append((await run(url, query))[0][0])
        assert None not in seen
        assert len(set(seen)) == 5
    finally:
        await run(url, "DROP ROLE shape_member; DROP ROLE shape_group")
