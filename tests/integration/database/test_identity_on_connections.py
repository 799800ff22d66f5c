"""Identities: no request sees the identity of an earlier one."""

import asyncio
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from fraiseql.database import Identity, Pool
from fraiseql.errors import DatabaseError
from tests.integration.database.server_log import MakePool

WHO = """SELECT current_user::text AS role,
nullif(current_setting('app.tenant', true), '') AS tenant,
nullif(current_setting('app.language', true), '') AS language"""
SLOW = "SELECT pg_sleep(0.02) IS NULL"
LOGIN_ROLE = ("postgres", None, None)


def identity(role: str | None = None, **variables: str) -> Identity:
    return Identity.of(role, {f"app.{name}": value for name, value in variables.items()})


async def who(
    pool: Pool, requested: Identity = Identity.NONE
) -> tuple[str, str | None, str | None]:
    (row,) = await pool.fetch_bytes(WHO, (), requested)
    return tuple(row)


def expected_of(requested: Identity) -> tuple[str, str | None, str | None]:
    values = dict(requested.variables)
    return (requested.role or "postgres", values.get("app.tenant"), values.get("app.language"))


@pytest.fixture(autouse=True)
async def roles(admin: asyncpg.Connection) -> AsyncIterator[None]:
    """Two roles without any right of their own."""
    await admin.execute("CREATE ROLE reader; CREATE ROLE writer")
    yield
    await admin.execute("DROP ROLE reader; DROP ROLE writer")


async def test_role_and_variables_are_set_and_reset(pool: Pool) -> None:
    requested = identity("reader", tenant="1", language="fr")
    assert await who(pool, requested) == ("reader", "1", "fr")
    assert await who(pool) == LOGIN_ROLE
    assert await who(pool, identity(tenant="2")) == ("postgres", "2", None)
    assert await who(pool, identity(language="de")) == ("postgres", None, "de")
    assert await who(pool, identity("writer")) == ("writer", None, None)
    assert await who(pool, identity("reader")) == ("reader", None, None)
    assert await who(pool) == LOGIN_ROLE


@pytest.mark.parametrize("size", [1, 3])
async def test_interleaved_requests_see_only_their_own(make_pool: MakePool, size: int) -> None:
    pool = await make_pool(pool_size=size)
    chance = random.Random(size)
    choices = [Identity.NONE, identity("reader", tenant="1"), identity("writer", language="fr")]
    choices += [identity(tenant=str(number)) for number in range(4)]

    async def ask(requested: Identity) -> bool:
        await asyncio.sleep(chance.random() / 100)
        return await who(pool, requested) == expected_of(requested)

    assert all(await asyncio.gather(*(ask(chance.choice(choices)) for _ in range(300))))


@pytest.mark.parametrize("size", [1, 3])
async def test_requests_cancelled_anywhere_leave_nothing(make_pool: MakePool, size: int) -> None:
    pool = await make_pool(pool_size=size)
    chance = random.Random(size)

    async def ask(number: int) -> None:
        await pool.fetch_bytes(SLOW, (), identity("reader", tenant=str(number)))

    for round_ in range(15):
        tasks = [asyncio.create_task(ask(number)) for number in range(size * 2)]
        await asyncio.sleep(chance.random() * 0.03 if round_ else 0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await asyncio.gather(*(who(pool) for _ in range(size))) == [LOGIN_ROLE] * size
        assert await who(pool, identity(language="fr")) == ("postgres", None, "fr")


async def test_an_identity_that_is_refused_leaves_nothing(pool: Pool) -> None:
    assert await who(pool, identity("reader", tenant="1")) == ("reader", "1", None)
    with pytest.raises(
        DatabaseError, match=r"role or a session variable .* cannot be set"
    ) as error:
        await who(pool, identity("nobody_knows", tenant="2"))
    assert "GRANT" in error.value.hint
    assert await who(pool) == LOGIN_ROLE
    assert await who(pool, identity(language="fr")) == ("postgres", None, "fr")


async def test_a_role_that_was_not_granted_is_refused(
    make_pool: MakePool, admin: asyncpg.Connection, database: str
) -> None:
    await admin.execute("CREATE ROLE app LOGIN; GRANT reader TO app")
    pool = await make_pool(database.replace("postgres@", "app@"), pool_size=1)
    assert (await who(pool, identity("reader")))[0] == "reader"
    with pytest.raises(DatabaseError, match="cannot be set"):
        await who(pool, identity("writer"))
    assert (await who(pool))[0] == "app"
    await pool.close()
    await admin.execute("DROP ROLE app")


async def test_a_statement_that_fails_leaves_nothing(pool: Pool) -> None:
    with pytest.raises(DatabaseError, match="not allowed"):
        await pool.fetch_bytes("SELECT * FROM pg_authid", (), identity("reader", tenant="1"))
    assert await who(pool) == LOGIN_ROLE


async def test_row_level_security_reads_the_variable(pool: Pool, admin: asyncpg.Connection) -> None:
    await admin.execute(
        """CREATE TABLE owned (tenant text); INSERT INTO owned VALUES ('1'), ('2'), ('2');
        ALTER TABLE owned ENABLE ROW LEVEL SECURITY; GRANT SELECT ON owned TO reader;
        CREATE POLICY own ON owned
        USING (tenant = nullif(current_setting('app.tenant', true), ''))"""
    )
    sql = "SELECT count(*) FROM owned"
    for tenant, count in [("1", 1), ("2", 2), ("3", 0), ("1", 1)]:
        requested = identity("reader", tenant=tenant)
        assert [row[0] for row in await pool.fetch_bytes(sql, (), requested)] == [count]
    assert [row[0] for row in await pool.fetch_bytes(sql, (), identity("reader"))] == [0]
    await admin.execute("DROP TABLE owned")


async def test_values_are_values_whatever_they_hold(pool: Pool) -> None:
    for text in ("'; DROP TABLE users; --", "", "é€😀", "a\nb", "x" * 10_000, "$1"):
        assert await who(pool, identity(tenant=text)) == ("postgres", text or None, None)
    with pytest.raises(DatabaseError):
        await who(pool, identity("none'; RESET ALL; --"))
