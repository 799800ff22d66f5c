"""Reads by key in a pipeline: answers, identities, errors and cancellation stay apart."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from fraiseql.database import UNBOUNDED, Budget, Identity, Pool, Priority
from fraiseql.errors import FraiseQLError, InputError, ResponseTooLarge
from tests.integration.database.server_log import Log, MakePool

TABLES = """
CREATE TABLE item (
    id int PRIMARY KEY, code text NOT NULL, uid uuid NOT NULL, tenant text NOT NULL, part int
);
INSERT INTO item
SELECT n, 'ü' || n, md5(n::text)::uuid, 't' || n % 2, n - 5 FROM generate_series(1, 40) n;
INSERT INTO item VALUES (41, repeat('x', 300000), md5('41')::uuid, 't0', NULL);
CREATE TABLE private (LIKE item INCLUDING ALL);
INSERT INTO private SELECT * FROM item;
ALTER TABLE private ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON private TO pipe_one, pipe_two
USING (tenant = current_setting('app.tenant', true));
CREATE POLICY fives ON private AS RESTRICTIVE TO pipe_two USING (id % 5 = 0);
GRANT SELECT ON private TO pipe_one, pipe_two;
"""
ROW = "SELECT pg_catalog.convert_to(pg_catalog.row_to_json(r.*)::text, 'UTF8')"
BY_ID = f"{ROW} FROM (SELECT * FROM item WHERE id = $1::bigint LIMIT 1) AS r"
BY_CODE = f"{ROW} FROM (SELECT * FROM item WHERE code = $1::text LIMIT 1) AS r"
BY_UID = f"{ROW} FROM (SELECT * FROM item WHERE uid = $1::uuid LIMIT 1) AS r"
DIVIDED = "SELECT convert_to((100 / part)::text, 'UTF8') FROM item WHERE id = $1::bigint"
CODE = "SELECT convert_to(code, 'UTF8') FROM item WHERE id = $1::bigint"
PRIVATE = f"""{ROW} FROM (SELECT id, current_user AS who,
coalesce(current_setting('app.tenant', true), '') AS t
FROM private WHERE id = $1::bigint LIMIT 1) AS r"""
WHO = """SELECT convert_to(current_user || ' ' || coalesce(current_setting('app.tenant', true), '')
|| ' ' || coalesce(current_setting('app.other', true), ''), 'UTF8') WHERE $1::bigint >= 0"""


@dataclass
class Reads:
    """Reads of a test, as a request makes them."""

    pool: Pool

    async def read(
        self,
        sql: str,
        arg: object,
        identity: Identity = Identity.NONE,
        budget: Budget = UNBOUNDED,
    ) -> bytes | None:
        latency = self.pool.latencies.of(sql, Priority.KEY)
        return await self.pool.key_reads.fetch(sql, [arg], identity, budget, latency)

    async def together(
        self, reads: Sequence[tuple[str, object, Identity]]
    ) -> list[bytes | BaseException | None]:
        work = [self.read(*read) for read in reads]
        return await asyncio.gather(*work, return_exceptions=True)

    @property
    def sent(self) -> int:
        return self.pool.key_reads.counts.sent

    async def prepare(self, *statements: str) -> None:
        """Run statements until they go through the pipeline."""
        for sql in statements:
            before = self.sent
            while self.sent == before:
                await self.together([(sql, 1, Identity.NONE)] * 12)


def own(role: str | None, tenant: str = "") -> Identity:
    return Identity.of(role, {"app.tenant": tenant} if tenant else {})


@pytest.fixture(autouse=True)
async def tables(admin: asyncpg.Connection) -> AsyncIterator[None]:
    await admin.execute("CREATE ROLE pipe_one; CREATE ROLE pipe_two;" + TABLES)
    yield
    await admin.execute("DROP TABLE item, private; DROP ROLE pipe_one; DROP ROLE pipe_two")


@pytest.fixture
async def reads(tables: None, make_pool: MakePool) -> Reads:
    reads = Reads(await make_pool(max_response_bytes=200_000))
    await reads.prepare(BY_ID, WHO)
    return reads


async def test_each_request_has_the_answer_to_its_own_key(
    reads: Reads, admin: asyncpg.Connection, pytestconfig: pytest.Config
) -> None:
    chance = random.Random(pytestconfig.getoption("seed"))
    rows = await admin.fetch("SELECT id, code, uid FROM item WHERE id < 41")
    keys: list[tuple[str, object]] = [(BY_ID, row["id"]) for row in rows]
    keys += [(BY_CODE, row["code"]) for row in rows] + [(BY_UID, UUID(int=5))]
    keys += [(BY_UID, UUID(str(row["uid"]))) for row in rows] + [(BY_ID, 99), (BY_CODE, "\ud800")]
    expected = {key: await _alone(reads.pool, *key) for key in keys}
    before = reads.sent
    for _ in range(5):
        chosen = chance.choices(keys, k=60)
        answers = await reads.together([(*key, Identity.NONE) for key in chosen])
        for key, answer in zip(chosen, answers, strict=True):
            wanted = expected[key]
            assert type(answer) is type(wanted), (key, answer)
            assert isinstance(answer, Exception) or answer == wanted
    assert reads.sent > before


async def _alone(pool: Pool, sql: str, arg: object) -> object:
    try:
        rows = await pool.fetch_bytes(sql, [arg])
    except FraiseQLError as error:
        return error
    return rows[0][0] if rows else None


async def test_requests_see_the_rows_of_their_tenant_and_role_only(
    reads: Reads, pytestconfig: pytest.Config
) -> None:
    chance = random.Random(pytestconfig.getoption("seed"))
    await reads.prepare(PRIVATE)
    identities = [Identity.NONE, own("pipe_one", "t0"), own("pipe_one", "t1"), own("pipe_one")]
    identities += [own("pipe_two", "t0"), own("pipe_two", "t1"), own(None, "t1")]
    before = reads.sent
    for _ in range(6):
        chosen = [(chance.randint(1, 40), chance.choice(identities)) for _ in range(60)]
        answers = await reads.together([(PRIVATE, key, identity) for key, identity in chosen])
        for (key, identity), answer in zip(chosen, answers, strict=True):
            assert answer == _private(key, identity), (key, identity)
        assert await reads.read(WHO, 1) == b"postgres  "
    assert reads.sent > before


def _private(key: int, identity: Identity) -> bytes | None:
    tenant = dict(identity.variables).get("app.tenant", "")
    mine = identity.role is None or f"t{key % 2}" == tenant
    if not mine or (identity.role == "pipe_two" and key % 5):
        return None
    return f'{{"id":{key},"who":"{identity.role or "postgres"}","t":"{tenant}"}}'.encode()


async def test_a_bad_key_or_role_fails_alone(reads: Reads) -> None:
    await reads.prepare(DIVIDED)
    absent = own("pipe_absent", "t1")
    asked = [(DIVIDED, key, Identity.NONE) for key in range(1, 31)]
    answers = await reads.together([*asked, (WHO, 1, absent), (WHO, 1, own("pipe_one"))])
    assert isinstance(answers[4], InputError)
    assert "division" in str(answers[4])
    del answers[4]
    *values, refused, accepted = answers
    assert values == [str(int(100 / part)).encode() for part in range(-4, 26) if part]
    assert "role" in str(refused)
    assert accepted == b"pipe_one  "


async def test_a_cancelled_request_does_not_cancel_others(reads: Reads) -> None:
    tasks = [asyncio.create_task(reads.read(BY_ID, n // 2)) for n in range(40)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])
    assert answers[1::2] == [await _alone(reads.pool, BY_ID, n) for n in range(20)]


async def test_equal_statements_that_wait_together_are_sent_once(
    log: Log, make_pool: MakePool
) -> None:
    reads = Reads(await make_pool())
    counts = reads.pool.key_reads.counts
    asked = [(BY_ID, key, Identity.NONE) for key in (1, 2, 3) for _ in range(10)]
    diverted = -1
    while diverted != counts.diverted:  # a busy machine may delay the answers
        await reads.prepare(BY_ID)
        log.new()
        sent, diverted = counts.sent, counts.diverted
        answers = await reads.together(asked)
        executed = [line for line in log.new() if line.startswith("execute")]
        if counts.sent == sent:
            diverted = -1
    assert answers[::10] == [await _alone(reads.pool, BY_ID, key) for key in (1, 2, 3)]
    assert counts.sent - sent == len(executed) == 3


async def test_a_document_that_is_too_large_fails_alone(reads: Reads) -> None:
    await reads.prepare(CODE)
    answers = await reads.together([(CODE, key, Identity.NONE) for key in range(30, 42)])
    assert answers[:-1] == [f"ü{key}".encode() for key in range(30, 41)]
    spent = reads.pool.budget()
    with pytest.raises(ResponseTooLarge):
        await reads.read(CODE, 41, budget=spent)
    with pytest.raises(ResponseTooLarge):
        await asyncio.gather(*(reads.read(BY_ID, n, budget=Budget(50)) for n in range(1, 9)))


async def test_a_locked_table_delays_its_own_readers_only(
    reads: Reads, admin: asyncpg.Connection
) -> None:
    await reads.prepare(PRIVATE)
    async with admin.transaction():
        await admin.execute("LOCK TABLE private")
        locked = [asyncio.create_task(reads.read(PRIVATE, key)) for key in (1, 2)]
        for _ in range(5):
            answers = await reads.together([(WHO, n, Identity.NONE) for n in range(12)])
            assert answers == [b"postgres  "] * 12
        assert not any(task.done() for task in locked)
        abandoned = locked.pop(0)
        abandoned.cancel()
        # Nothing waits for its first statement: another pipeline replaces it.
        await reads.prepare(WHO)
    assert None not in await asyncio.gather(*locked)


async def test_a_lost_pipeline_answers_over_other_connections(
    reads: Reads, admin: asyncpg.Connection
) -> None:
    tasks = [asyncio.create_task(reads.read(BY_ID, n)) for n in range(1, 31)]
    await asyncio.sleep(0)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'fraiseql' AND datname = current_database()"
    )
    expected = [await _alone(reads.pool, BY_ID, n) for n in range(1, 31)]
    assert await asyncio.gather(*tasks) == expected
    await reads.prepare(BY_ID)


async def test_changed_roles_and_definitions_replace_plans(
    reads: Reads, admin: asyncpg.Connection
) -> None:
    everyone = [(WHO, 1, own("pipe_one"))] * 12
    assert set(await reads.together(everyone)) == {b"pipe_one  "}
    await admin.execute("ALTER TABLE item ALTER COLUMN id TYPE bigint")
    await admin.execute("ALTER TABLE item ADD COLUMN more text DEFAULT 'yes'")
    answers = await reads.together([(BY_ID, n, Identity.NONE) for n in range(1, 13)])
    assert answers == [await _alone(reads.pool, BY_ID, n) for n in range(1, 13)]
    for change in (reads.pool.outdate, reads.pool.replace_all):
        before = await _pid(reads)
        change()
        await reads.prepare(WHO)
        assert await _pid(reads) != before


async def _pid(reads: Reads) -> object:
    """Return the server's process of the pipeline."""
    sql = "SELECT convert_to(pg_backend_pid()::text, 'UTF8') WHERE $1::bigint > 0"
    while True:
        await reads.prepare(sql)
        before = reads.sent
        answers = await reads.together([(sql, n, Identity.NONE) for n in range(1, 13)])
        if reads.sent - before == len(answers) and len(set(answers)) == 1:
            return answers[0]


async def test_a_small_pool_has_no_pipeline(make_pool: MakePool) -> None:
    reads = Reads(await make_pool(pool_size=3))
    for _ in range(5):
        answers = await reads.together([(BY_ID, 1, Identity.NONE)] * 12)
        assert None not in answers
    assert reads.sent == 0
