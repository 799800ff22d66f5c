"""The DDL road on a real database: planned, applied, changed, drifted, dropped, as files."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from fraiseql.caching.ddl.apply import apply, find_plan
from fraiseql.caching.ddl.script import write_files
from fraiseql.caching.objects import DatabaseObject
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.errors import DatabaseError, DeclarationError
from tests.integration.caching.ddl.env import (
    QUICK,
    Live,
    Longer,
    User,
    applied,
    created,
    dump,
    emptied,
    migrating,
    planned,
    sql,
)


async def test_a_plan_prints_and_changes_nothing(url: str) -> None:
    plan = await planned(url, User)
    kinds = [step.created[0].kind for step in plan.steps]
    assert kinds[0] == "function"
    assert kinds[-2:] == ["fingerprint", "column"]
    assert "view" in kinds
    assert "ACCESS EXCLUSIVE" in plan.steps[-1].locks[0]
    assert plan.steps[-1].undo == ('ALTER TABLE "public"."tb_user" DROP COLUMN IF EXISTS "data"',)
    assert all(step.transactional for step in plan.steps)
    assert await sql(url, "SELECT 1 FROM pg_namespace WHERE nspname = 'fraiseql'") == []


async def test_nothing_is_left_to_do_after_apply(url: str) -> None:
    await applied(url, User)
    plan = await planned(url, User)
    assert plan.empty
    assert {verdict.state for verdict in plan.states} == {"unchanged"}
    rows = await sql(
        url, "SELECT t.data::text, v.data::text FROM tb_user t JOIN v_user v USING (id)"
    )
    assert len(rows) == 50
    assert all(row == other for row, other in rows)
    assert (await applied(url, User)).steps == ()


async def test_a_changed_declaration_is_rolled_over_under_readers(url: str) -> None:
    await applied(url, User)
    stop = asyncio.Event()

    async def read() -> int:
        connection, count = await asyncpg.connect(url), 0
        while not stop.is_set() or count < 20:
            for relation in ("tb_user", "v_user"):
                rows = await connection.fetch(f"SELECT data->>'name' AS name FROM {relation}")
                assert len(rows) == 50
                assert all(row["name"] for row in rows)
                count += 1
        await connection.close()
        return count

    readers = [asyncio.create_task(read()) for _ in range(2)]
    for type_ in (Longer, User, Longer):
        plan = await applied(url, type_)
        actions = [step.action for step in plan.steps]
        assert actions == ["create", "replace", "rebuild", "drop"]
        assert (await planned(url, type_)).empty
    stop.set()
    assert all(await asyncio.gather(*readers))
    assert len(await sql(url, "SELECT 1 FROM pg_proc WHERE proname LIKE 'tb_user_row%'")) == 1


async def test_drift_is_reported_and_repaired(url: str) -> None:
    await applied(url, User)
    await sql(url, "CREATE OR REPLACE VIEW v_user AS SELECT id, '{}'::jsonb AS data FROM tb_user")
    await sql(url, "ALTER TABLE tb_user DROP COLUMN data")
    plan = await planned(url, User)
    states = {verdict.key[0]: (verdict.state, verdict.drift) for verdict in plan.states}
    assert states == {
        "table": ("unchanged", False),
        "function": ("unchanged", False),
        "fingerprint": ("altered", True),
        "column": ("missing", True),
        "view": ("altered", True),
    }
    await applied(url, User)
    assert (await planned(url, User)).empty
    rows = await sql(url, "SELECT DISTINCT v.data ? 'name' FROM v_user v")
    assert [tuple(row) for row in rows] == [(True,)]


async def test_an_altered_function_is_rebuilt_with_its_rows(url: str) -> None:
    await applied(url, User)
    (row,) = await sql(
        url, "SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'tb_user_row%'"
    )
    await sql(
        url,
        f"CREATE OR REPLACE FUNCTION {row[0]} RETURNS jsonb LANGUAGE sql IMMUTABLE"
        " AS $$SELECT '{}'::jsonb$$",
    )
    await sql(url, "UPDATE tb_user SET name = name WHERE id = 1")
    (plan,) = [await applied(url, User)]
    assert [step.action for step in plan.steps] == ["rebuild"]
    assert (
        await sql(
            url,
            "SELECT 1 FROM tb_user WHERE data IS DISTINCT FROM"
            " jsonb_build_object('id', id, 'name', name)",
        )
        == []
    )


async def test_what_is_not_ours_is_refused_and_stays(url: str) -> None:
    await sql(url, "CREATE VIEW v_user AS SELECT 1 AS mine")
    with pytest.raises(DeclarationError, match="which FraiseQL did not make") as caught:
        await applied(url, User)
    assert caught.value.code == "NAME_TAKEN"
    assert [tuple(row) for row in await sql(url, "SELECT mine FROM v_user")] == [(1,)]
    assert await sql(url, "SELECT 1 FROM pg_namespace WHERE nspname = 'fraiseql'") == []


async def test_only_what_is_ours_is_dropped(url: str) -> None:
    await applied(url, User)
    await sql(url, "CREATE FUNCTION fraiseql.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    plan = await applied(url, Live)
    kinds = [step.dropped[0].kind for step in plan.steps]
    assert kinds[0] == "column"
    assert set(kinds[1:]) == {"view", "fingerprint", "function", "table"}
    names = await sql(
        url, "SELECT proname FROM pg_proc WHERE pronamespace = 'fraiseql'::regnamespace"
    )
    assert [row[0] for row in names] == ["mine"]
    assert (await planned(url, Live)).empty


async def test_a_lock_is_waited_for_in_turns_that_let_others_pass(url: str) -> None:
    holder = await asyncpg.connect(url)
    await holder.execute("BEGIN; LOCK TABLE tb_user IN ACCESS SHARE MODE")
    async with asyncio.timeout(60):
        with pytest.raises(DatabaseError) as caught:
            await applied(url, User, patience=QUICK)
    assert caught.value.code == "LOCK_TIMEOUT"
    work = asyncio.create_task(applied(url, User))
    await asyncio.sleep(0.3)
    await holder.execute("COMMIT")
    assert [step.created[0].kind for step in (await work).steps] == ["column"]
    await holder.close()


async def test_of_two_applies_one_does_the_work(url: str) -> None:
    plans = await asyncio.gather(applied(url, User), applied(url, User), applied(url, User))
    assert sorted(len(plan.steps) for plan in plans) == [0, 0, 9]


async def test_a_failed_step_says_what_postgresql_said_and_is_gone_on_from(url: str) -> None:
    await applied(url, User)
    await sql(url, "CREATE VIEW watching AS SELECT data FROM tb_user")
    with pytest.raises(DatabaseError, match="depend") as caught:
        await applied(url, Longer)
    assert caught.value.code == "STEP_FAILED"
    await sql(url, "DROP VIEW watching")
    assert [step.action for step in (await applied(url, Longer)).steps] == ["rebuild", "drop"]


async def test_a_newer_ledger_is_left_alone(url: str) -> None:
    await applied(url, User)
    await sql(url, "UPDATE fraiseql.ledger_version SET version = 99")
    with pytest.raises(DatabaseError) as caught:
        await planned(url, User)
    assert caught.value.code == "LEDGER_VERSION"


async def test_a_plain_role_is_enough(url: str, server: EmbeddedServer) -> None:
    await sql(url, "DROP OWNED BY plain CASCADE" if await _role(url) else "CREATE ROLE plain LOGIN")
    name = (await sql(url, "SELECT current_database()"))[0][0]
    await sql(
        url, f"GRANT CREATE ON DATABASE {name} TO plain; GRANT CREATE ON SCHEMA public TO plain"
    )
    await sql(url, "ALTER TABLE tb_user OWNER TO plain; CREATE ROLE writer_only")
    await sql(url, "GRANT INSERT, SELECT ON tb_user TO writer_only")
    async with migrating(url) as (writer, wishes):
        await writer.execute("SET SESSION AUTHORIZATION plain")
        await apply(writer, await wishes(User))
        assert (await find_plan(writer, await wishes(User))).empty
    # Writers need no privileges on the framework's objects.
    await sql(
        url, "SET ROLE writer_only; INSERT INTO tb_user VALUES (99, 'by another', NULL, NULL)"
    )
    (row,) = await sql(url, "SELECT data->>'name' FROM tb_user WHERE id = 99")
    assert row[0] == "by another"
    await sql(url, "DROP OWNED BY plain, writer_only CASCADE; DROP ROLE plain, writer_only")


async def _role(url: str) -> bool:
    return bool(await sql(url, "SELECT 1 FROM pg_roles WHERE rolname = 'plain'"))


async def test_files_give_the_same_schema(url: str, server: EmbeddedServer, tmp_path: Path) -> None:
    await applied(url, User)
    await applied(url, Longer)
    expected = dump(server.binaries, url)
    await emptied(url)
    for place, type_ in enumerate((User, Longer)):
        for path in write_files(await planned(url, type_), tmp_path / str(place)):
            await sql(url, path.read_text())
        assert (await planned(url, type_)).empty
    assert dump(server.binaries, url) == expected


async def test_an_index_that_failed_half_way_is_cleaned_up(url: str) -> None:
    index = DatabaseObject(
        "index",
        "public.one_nick",
        ("CREATE UNIQUE INDEX CONCURRENTLY one_nick ON public.tb_user (nick)",),
        ("DROP INDEX CONCURRENTLY IF EXISTS public.one_nick",),
        transactional=False,
    )
    await sql(url, "UPDATE tb_user SET nick = 'same' WHERE id < 3")
    with pytest.raises(DatabaseError, match="could not create unique index"):
        await created(url, [index])
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_nick'::regclass"
    assert [row[0] for row in await sql(url, valid)] == [False]
    await sql(url, "UPDATE tb_user SET nick = NULL")
    await created(url, [index])
    assert [row[0] for row in await sql(url, valid)] == [True]
    assert (await created(url, [index])).empty
