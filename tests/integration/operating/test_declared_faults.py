"""Faults between declarations and the database: found, and cleared by what their finding says."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.integration.operating.declared_application import (
    CLEAN,
    TABLES,
    TYPES,
    Event,
    Indexed,
    Queued,
    Stored,
    User,
    apply_declared,
    declare,
    refresh_views,
    repair_stored,
)
from tests.integration.operating.scratch import Scratch, Scratches, Seed, codes
from tests.redis_server import RedisServer

REDIS = frozenset({"REDIS_POLICY"})
NONE: frozenset[str] = frozenset()
PREFIX = "$ fraiseql "


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


def test_applied_declarations_have_no_fault(applied: Scratch) -> None:
    applied.until(Seed(code="", scope={"deep": True}), NONE)


def test_an_embedded_list_without_an_index_is_found_and_gets_one(applied: Scratch) -> None:
    seed = Seed(code="EMBED_NOT_INDEXED")
    applied.run("DROP INDEX tb_post_author")
    (diagnosis,) = applied.until(seed, frozenset({seed.code})).diagnoses
    assert diagnosis.object == "public.tb_post (author)"
    only = frozenset({seed.code})
    applied.steps(*diagnosis.command)
    applied.until(seed, NONE, only=only)
    applied.steps(*diagnosis.undo)
    applied.until(seed, only, only=only)
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
    only = frozenset({off.code})
    applied.steps(*diagnosis.command)
    applied.until(off, NONE, only=only)
    applied.steps(*diagnosis.undo)
    applied.until(off, only, only=only)
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
    applied.until(useless, NONE, only=frozenset({useless.code}))
    long = Seed(code="CHANGE_LOG_LONG", thresholds={"log_rows": 50})
    applied.run(
        "INSERT INTO fraiseql.changes"
        " SELECT 'label:' || n, pg_current_xact_id(), now() FROM generate_series(1, 100) AS n"
    )
    (diagnosis,) = applied.until(long, frozenset({long.code})).diagnoses
    assert diagnosis.command[-1] == f"{PREFIX}cache clean APP"
    applied.run("DELETE FROM fraiseql.changes")
    applied.until(long, NONE, only=frozenset({long.code}))


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


def test_a_declared_index_without_a_scan_is_not_proposed_to_be_dropped(applied: Scratch) -> None:
    indexed = declare(*TYPES, Indexed)
    applied.run("CREATE TABLE tb_event (id int PRIMARY KEY, n int NOT NULL)")
    try:
        applied.work(apply_declared(indexed))
        seed = Seed(code="", thresholds={"unused_days": 0, "unused_bytes": 1})
        only = frozenset({"DECLARED_INDEX_NOT_USED", "INDEX_UNUSED"})
        reported = {
            each.fault.code
            for each in applied.examine(seed, only=only).diagnoses
            if each.evidence["table"] == "public.tb_event"
        }
        assert reported == {"DECLARED_INDEX_NOT_USED"}
    finally:
        applied.run("DROP TABLE tb_event")
        applied.work(apply_declared(declare(*TYPES)))


def test_a_rolling_index_that_nothing_moves_is_found(applied: Scratch) -> None:
    rolled = declare(*TYPES, Event)
    applied.run("CREATE TABLE tb_event (id int PRIMARY KEY, at timestamptz NOT NULL)")
    try:
        applied.work(apply_declared(rolled))
        applied.schema = rolled
        assert codes(applied.examine()) == NONE
        # Three days later, by the clock of this process.
        later = codes(applied.examine(ahead=3 * 86_400))
        assert later == {"ROLLING_INDEX_BEHIND", "CLOCK_SKEW"}
    finally:
        applied.schema = declare(*TYPES)
        applied.run("DROP TABLE tb_event")
        applied.work(apply_declared(applied.schema))


def test_a_redis_that_refuses_when_it_is_full_is_found(
    scratch: Scratch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with RedisServer(tmp_path_factory.mktemp("doctor"), "--maxmemory", "64mb") as redis:
        settings = {"redis_url": redis.url}
        (diagnosis,) = scratch.until(Seed(code="", settings=settings), REDIS).diagnoses
        assert diagnosis.command[0].startswith("$ redis-cli CONFIG SET")
        words = diagnosis.command[0].split()[2:]
        subprocess.run(["redis-cli", "-p", str(redis.port), *words], check=True)
        scratch.until(Seed(code="", settings=settings), NONE)
    hidden = scratch.examine(Seed(code="", settings=settings)).not_seen
    assert {each.code for each in hidden} == REDIS


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
