"""Faults that need a file, a role, a restart or another database to be seeded."""

from collections.abc import Iterator

import pytest

from tests.integration.flights import at_once, run_sql
from tests.integration.operating.scratch import Scratch, Seed, codes
from tests.integration.operating.seeds_server import RELOAD

NONE: frozenset[str] = frozenset()
ROLE = "doctor_app"


def test_an_error_in_a_configuration_file_is_found(scratch: Scratch) -> None:
    seed = Seed(code="CONFIG_FILE_ERROR")
    for name, line in (("postgresql.auto.conf", "nonsense = 1\n"), ("pg_hba.conf", "nonsense\n")):
        file = scratch.data / name
        before = file.read_text()
        file.write_text(before + line)
        try:
            (diagnosis,) = scratch.until(seed, frozenset({seed.code})).diagnoses
            number = len(before.splitlines()) + 1
            assert diagnosis.command[0] == f"# correct line {number} of {file}"
        finally:
            file.write_text(before)
        scratch.until(seed, NONE)


def test_old_transaction_numbers_are_found_and_frozen(scratch: Scratch) -> None:
    burn = "FOR i IN 1..3000 LOOP BEGIN INSERT INTO t VALUES (i); EXCEPTION WHEN division_by_zero"
    seed = Seed(
        code="XID_AGE",
        sql=(
            "CREATE TABLE t (id int PRIMARY KEY)",
            f"DO $$ BEGIN {burn} THEN NULL; END; END LOOP; END $$",
            "ANALYZE t",
        ),
        thresholds={"frozen_share": 2500 / 200_000_000},
    )
    with scratch.seeded(seed):
        (diagnosis,) = scratch.until(seed, frozenset({"XID_AGE"})).diagnoses
        assert diagnosis.object == "database doctor"
        for url in scratch.others:
            at_once(run_sql(url, "VACUUM (FREEZE)"))
        scratch.steps(*diagnosis.command)
        scratch.until(seed, NONE)


def test_a_changed_collation_is_found_and_its_indexes_are_built_again(
    scratch: Scratch, server_kind: str
) -> None:
    if server_kind == "system":
        # Its databases use C.UTF-8, which has no version; a collation of ICU has.
        outdated = "UPDATE pg_collation SET collversion = '0' WHERE collname = 'doctor'"
        locale = "CREATE COLLATION public.doctor (provider = icu, locale = 'en')"
    else:
        outdated = "UPDATE pg_database SET datcollversion = '0' WHERE datname = 'doctor'"
        locale = 'CREATE COLLATION public.doctor FROM "C"'
    table = "CREATE TABLE t (id int PRIMARY KEY, n text COLLATE public.doctor UNIQUE)"
    seed = Seed(
        code="COLLATION_CHANGED",
        sql=(locale, table, outdated),
        clean=("DROP TABLE t", "DROP COLLATION public.doctor"),
    )
    with scratch.seeded(seed):
        (diagnosis,) = scratch.until(seed, frozenset({seed.code})).diagnoses
        scratch.steps(*diagnosis.command)
        scratch.until(seed, NONE)


def test_pools_larger_than_the_server_allows_are_found(scratch: Scratch) -> None:
    seed = Seed(code="CONNECTIONS_NEAR_MAX", settings={"pool_size": 60})
    (diagnosis,) = scratch.until(seed, frozenset({seed.code})).diagnoses
    # The pool and seven more of Python; of the engine two by key, a check, and half of the pool.
    assert diagnosis.evidence["one_process"] == 67 + 2 + 1 + 30
    used = Seed(code=seed.code, thresholds={"connections_share": 0.01})
    scratch.until(used, frozenset({seed.code}))


def test_a_small_cache_is_found_and_larger_after_a_restart(scratch: Scratch) -> None:
    large = "INSERT INTO t SELECT 1, string_agg(md5(g::text), '') FROM generate_series(1, 400000) g"
    seed = Seed(
        code="SHARED_BUFFERS_SMALL",
        sql=(
            "CREATE TABLE t (id int PRIMARY KEY, n text)",
            "ALTER TABLE t ALTER n SET STORAGE EXTERNAL",
            large,
            "ANALYZE t",
        ),
        scope={"memory": 2**30},
    )
    with scratch.seeded(seed):
        (diagnosis,) = scratch.until(seed, frozenset({seed.code})).diagnoses
        scratch.steps(*diagnosis.command[:-1], RELOAD)
        scratch.until(seed, frozenset({seed.code, "RESTART_PENDING"}))
        scratch.restart()
        scratch.until(seed, NONE)
        scratch.steps(*diagnosis.undo[:-1], RELOAD)
        scratch.until(seed, frozenset({"RESTART_PENDING"}))
        # Not a second restart: the setting is the old one, and then the running one again.
        assert diagnosis.undo[0] == "ALTER SYSTEM SET shared_buffers = '16MB'"
        scratch.steps(*diagnosis.command[:-1], RELOAD)
        scratch.until(seed, NONE)


def test_compilation_of_short_statements_is_found(scratch: Scratch) -> None:
    if not scratch.value("SELECT pg_jit_available()"):
        pytest.skip("this PostgreSQL has no JIT compilation")
    seed = Seed(
        code="JIT_COSTS",
        sql=(
            "SELECT pg_stat_statements_reset()",
            "SET jit_above_cost = 0",
            "SELECT count(*) + sum(g) FROM generate_series(1, 10) AS g",
            "RESET jit_above_cost",
        ),
        # On a slow machine, compilation alone makes a statement long.
        thresholds={"jit_share": 0.001, "short_ms": 1e9},
        clean=("ALTER DATABASE doctor RESET jit", "SELECT pg_stat_statements_reset()"),
        fresh=True,
    )
    with scratch.seeded(seed):
        (diagnosis,) = scratch.until(seed, frozenset({seed.code})).diagnoses
        scratch.steps(*diagnosis.command)
        scratch.until(seed, NONE)
        scratch.steps(*diagnosis.undo)
        scratch.until(seed, frozenset({seed.code}))


@pytest.fixture
def owner(scratch: Scratch) -> Iterator[str]:
    """Address of the database for a role that owns a table with row security."""
    scratch.run(
        f"CREATE ROLE {ROLE} LOGIN",
        f"GRANT CREATE ON SCHEMA public TO {ROLE}",
        f"SET ROLE {ROLE}",
        "CREATE TABLE t (id int PRIMARY KEY)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "RESET ROLE",
    )
    yield scratch.url.replace("postgres@", f"{ROLE}@")
    scratch.run(f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


def test_an_owner_is_subject_to_row_security_once_it_is_forced(
    scratch: Scratch, owner: str
) -> None:
    with scratch.connected(owner):
        seed = Seed(code="RLS_BYPASSED")
        (diagnosis,) = scratch.until(seed, frozenset({seed.code})).diagnoses
        assert diagnosis.object == "public.t"
        scratch.steps(*diagnosis.command)
        scratch.until(seed, NONE)
        scratch.steps(*diagnosis.undo)
        scratch.until(seed, frozenset({seed.code}))


def test_a_role_lists_what_it_cannot_see(scratch: Scratch, owner: str) -> None:
    with scratch.connected(owner):
        hidden = {each.code for each in scratch.examine().not_seen}
    assert {"CONFIG_FILE_ERROR", "IDLE_IN_TRANSACTION", "SHARED_BUFFERS_SMALL"} <= hidden
    scratch.run(f"GRANT pg_monitor TO {ROLE}")
    with scratch.connected(owner):
        assert "IDLE_IN_TRANSACTION" not in {each.code for each in scratch.examine().not_seen}


def test_bypassing_row_security_is_found_and_taken_back(scratch: Scratch, owner: str) -> None:
    scratch.run(f"ALTER ROLE {ROLE} BYPASSRLS")
    with scratch.connected(owner):
        (diagnosis,) = scratch.until(Seed(code=""), frozenset({"RLS_BYPASSED"})).diagnoses
    scratch.run(*diagnosis.command)
    with scratch.connected(owner):
        assert {each.object for each in scratch.examine().diagnoses} == {"public.t"}
    scratch.run(*diagnosis.undo)
    with scratch.connected(owner):
        assert codes(scratch.examine()) == {"RLS_BYPASSED"}
