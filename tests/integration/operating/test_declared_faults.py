"""Faults between declarations and the database: found, and cleared by what their finding says."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.caching.strategies.registry import load_context, load_stored_types
from fraiseql.caching.verify import repair
from fraiseql.database import Pool
from fraiseql.database.writing import open_admin
from fraiseql.schema import Schema, build_schema
from tests.integration.operating.scratch import Scratch, Scratches, Seed

NONE: frozenset[str] = frozenset()
PREFIX = "$ fraiseql "
Work = Callable[[Pool], Coroutine[object, object, None]]


@fraiseql.type(name="DoctorPost", sql_source="tb_post")
class Post:
    id: int
    author: int


@fraiseql.type(name="DoctorUser", sql_source="tb_user")
class User:
    id: int
    name: str
    posts: list[Post] = fraiseql.embed("tb_post", on="author", limit=5)


@fraiseql.type(
    name="DoctorName", sql_source="tb_user", stored=fraiseql.Projection(mode="async", embeds=())
)
class Queued:
    id: int
    name: str


@fraiseql.type(name="DoctorStored", sql_source="tb_post", stored=fraiseql.Projection(embeds=()))
class Stored:
    id: int
    author: int


@fraiseql.type(
    name="DoctorTotal",
    sql_source="mv_total",
    stored=fraiseql.MaterializedView(sql="SELECT count(*) AS n FROM tb_post", target_lag="1s"),
)
class Total:
    n: int


TABLES = (
    "CREATE TABLE tb_user (id int PRIMARY KEY, name text NOT NULL)",
    "CREATE TABLE tb_post (id int PRIMARY KEY, author int NOT NULL)",
    "CREATE INDEX tb_post_author ON tb_post (author)",
    "INSERT INTO tb_user SELECT n, 'user ' || n FROM generate_series(1, 10) AS n",
    "INSERT INTO tb_post SELECT n, n % 10 + 1 FROM generate_series(1, 1000) AS n",
    "VACUUM (ANALYZE) tb_user, tb_post",
)
CLEAN = (
    "DROP SCHEMA IF EXISTS fraiseql CASCADE",
    "DROP TABLE IF EXISTS tb_user, tb_post CASCADE",
)
TYPES = (User, Queued, Stored, Total)


def declare(*types: Any) -> Schema:
    lists = [fraiseql.find(f"all{each.__name__}", each) for each in types]
    cached = fraiseql.find("posts", Post, cache=fraiseql.Cache())
    return build_schema(queries=[*lists, cached])


@pytest.fixture(scope="module")
def applied(server_kind: str, scratches: Scratches) -> Iterator[Scratch]:
    """The doctor's server with all declarations applied."""
    scratch = scratches(server_kind)
    scratch.run(*TABLES)
    scratch.schema = declare(*TYPES)
    scratch.work(apply_declared(scratch.schema))
    yield scratch
    scratch.schema = None
    scratch.run(*CLEAN)


def apply_declared(schema: Schema) -> Work:
    async def work(pool: Pool) -> None:
        desired = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            await apply(writer, desired)

    return work


def repair_stored(schema: Schema) -> Work:
    async def work(pool: Pool) -> None:
        desired = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            await repair(writer, desired.stored_types)

    return work


async def refresh_views(pool: Pool) -> None:
    context = await load_context(declare(*TYPES), pool)
    async with open_admin(pool) as writer:
        for each in await load_stored_types(context, pool):
            if each.stored.is_refreshed:
                await refresh_view(writer, physical(each), wait=True)


def test_applied_declarations_have_no_fault(applied: Scratch) -> None:
    applied.until(Seed(code="", scope={"deep": True}), NONE)


def test_an_embedded_list_without_an_index_is_found_and_gets_one(applied: Scratch) -> None:
    seed = Seed(code="EMBED_NOT_INDEXED")
    applied.run("DROP INDEX tb_post_author")
    (diagnosis,) = applied.until(seed, frozenset({seed.code})).diagnoses
    assert diagnosis.object == "public.tb_post (author)"
    applied.steps(*diagnosis.command)
    applied.until(seed, NONE)
    applied.steps(*diagnosis.undo)
    applied.until(seed, frozenset({seed.code}))
    applied.steps(*diagnosis.command)


def test_declarations_that_were_not_applied_are_found(applied: Scratch) -> None:
    seed = Seed(code="NOT_APPLIED")
    applied.schema = declare(User, Queued, Stored)
    (diagnosis,) = applied.until(seed, frozenset({seed.code})).diagnoses
    assert diagnosis.command == (f"{PREFIX}db apply APP",)
    applied.work(apply_declared(applied.schema))
    applied.until(seed, NONE)
    applied.schema = declare(*TYPES)
    applied.until(seed, frozenset({seed.code}))
    applied.work(apply_declared(applied.schema))


def test_an_unprocessed_queue_and_a_trigger_that_is_off_are_found(applied: Scratch) -> None:
    queue = Seed(code="QUEUE_BEHIND", thresholds={"queue_seconds": 0})
    applied.run("UPDATE tb_user SET name = 'other' WHERE id = 1")
    (diagnosis,) = applied.until(queue, frozenset({queue.code})).diagnoses
    assert diagnosis.command == (f"{PREFIX}refresh APP --worker",)
    off, companions = Seed(code="TRIGGERS_OFF"), frozenset({"NOT_APPLIED"})
    name = applied.value(
        "SELECT quote_ident(min(tgname)) FROM pg_trigger"
        " WHERE tgrelid = 'tb_user'::regclass AND NOT tgisinternal"
    )
    applied.run(f"ALTER TABLE tb_user DISABLE TRIGGER {name}")
    examination = applied.until(off, frozenset({off.code}) | companions)
    (diagnosis,) = [each for each in examination.diagnoses if each.fault.code == off.code]
    applied.steps(*diagnosis.command)
    applied.until(off, companions)
    applied.steps(*diagnosis.undo)
    applied.until(off, frozenset({off.code}) | companions)
    applied.steps(*diagnosis.command)
    applied.work(apply_declared(declare(*TYPES)))
    applied.until(off, NONE)


def test_an_old_view_is_found_and_refreshed(applied: Scratch) -> None:
    applied.run("INSERT INTO tb_post VALUES (2001, 1)")
    seed = Seed(code="VIEW_BEHIND")
    (diagnosis,) = applied.until(seed, frozenset({seed.code})).diagnoses
    assert diagnosis.command == (f"{PREFIX}refresh APP DoctorTotal",)
    applied.work(refresh_views)
    applied.until(seed, NONE)


def test_a_view_without_rows_reads_live_until_it_is_filled(applied: Scratch) -> None:
    view = applied.value("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm'")
    applied.run(f"REFRESH MATERIALIZED VIEW {view} WITH NO DATA")
    seed = Seed(code="STORED_READS_LIVE", scope={"deep": True})
    (diagnosis,) = applied.until(seed, frozenset({seed.code})).diagnoses
    assert diagnosis.command == (f"{PREFIX}refresh APP DoctorTotal",)
    applied.work(refresh_views)
    applied.until(seed, NONE)


def test_documents_that_differ_are_found_and_repaired(applied: Scratch) -> None:
    seed = Seed(code="STORED_DIFFERS", thresholds={"sample_percent": 100}, scope={"deep": True})
    applied.work(repair_stored(declare(*TYPES)))
    applied.until(seed, NONE)
    table = applied.value(
        "SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
        " WHERE attname = 'data' AND relkind = 'r' AND relname LIKE 'tv_post%' LIMIT 1"
    )
    applied.run(f"UPDATE {table} SET data = jsonb_set(data, '{{author}}', '0') WHERE id = 1")
    (diagnosis,) = applied.until(seed, frozenset({seed.code})).diagnoses
    assert diagnosis.command == (f"{PREFIX}db repair APP",)
    applied.work(repair_stored(declare(*TYPES)))
    applied.until(seed, NONE)


def test_faults_of_result_caches_are_found(applied: Scratch) -> None:
    useless = Seed(code="CACHE_USELESS", thresholds={"cache_answers": 10})
    applied.run(
        "INSERT INTO fraiseql.result_figures SELECT gen_random_uuid(), 'posts', 1, 0, 99, 0, 0, 0,"
        " 0, 0, 1.5, 0, 0, '{}', '{}', 1, now()"
    )
    applied.until(useless, frozenset({useless.code}))
    applied.run("DELETE FROM fraiseql.result_figures")
    applied.until(useless, NONE)
    long = Seed(code="CHANGE_LOG_LONG", thresholds={"log_rows": 50})
    applied.run(
        "INSERT INTO fraiseql.changes"
        " SELECT 'label:' || n, pg_current_xact_id(), now() FROM generate_series(1, 100) AS n"
    )
    (diagnosis,) = applied.until(long, frozenset({long.code})).diagnoses
    assert diagnosis.command[-1] == f"{PREFIX}cache clean APP"
    applied.run("DELETE FROM fraiseql.changes")
    applied.until(long, NONE)


def test_a_role_without_privileges_on_caches_is_found(applied: Scratch) -> None:
    reading = "GRANT SELECT ON tb_user, tb_post TO doctor_reader"
    applied.run("CREATE ROLE doctor_reader LOGIN", reading)
    try:
        with applied.connected(applied.url.replace("postgres@", "doctor_reader@")):
            examination = applied.examine()
        (diagnosis,) = examination.diagnoses
        assert diagnosis.fault.code == "CACHE_NOT_ALLOWED"
        assert diagnosis.command == (f"{PREFIX}db grant APP doctor_reader",)
        assert "NOT_APPLIED" in {each.code for each in examination.not_seen}
    finally:
        applied.run("DROP OWNED BY doctor_reader", "DROP ROLE doctor_reader")


def test_debug_is_found_where_the_database_is_elsewhere(scratch: Scratch) -> None:
    remote = {"debug": True, "database_url": "postgresql://db.example/shop"}
    scratch.until(Seed(code="", settings=remote), frozenset({"DEBUG_IN_PRODUCTION"}))
    local = {"debug": True, "database_url": "postgresql:///shop?host=/run/postgresql"}
    scratch.until(Seed(code="", settings=local), NONE)


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_clock_that_differs_is_found(scratch: Scratch, seconds: float) -> None:
    (diagnosis,) = scratch.examine(ahead=seconds).diagnoses
    assert diagnosis.fault.code == "CLOCK_SKEW"
    assert 50 < diagnosis.evidence["seconds"] <= 60
