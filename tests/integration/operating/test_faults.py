"""Each seeded fault is found, and nothing else; its command clears it."""

import asyncpg
import pytest

from tests.integration.flights import at_once, run_sql
from tests.integration.operating import seeds_catalog, seeds_security, seeds_server
from tests.integration.operating.scratch import Scratch, Seed, codes
from tests.integration.operating.seeds_catalog import FILLED

SEEDS = (*seeds_catalog.SEEDS, *seeds_server.SEEDS, *seeds_security.SEEDS)


def test_a_clean_database_has_no_fault(scratch: Scratch) -> None:
    examination = scratch.examine()
    assert (examination.diagnoses, examination.not_seen) == ((), ())


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.code)
def test_a_seeded_fault_is_found_cleared_and_brought_back(scratch: Scratch, seed: Seed) -> None:
    with scratch.seeded(seed):
        expected = seed.companions | {seed.code}
        examination = scratch.until(seed, expected)
        (diagnosis,) = [each for each in examination.diagnoses if each.fault.code == seed.code]
        assert diagnosis.is_sql is not bool(seed.by_hand)
        scratch.steps(*(seed.by_hand or diagnosis.command))
        # Only this fault from here on: an examination of all takes longest to plan.
        only = frozenset({seed.code})
        scratch.until(seed, frozenset(), only=only)
        scratch.steps(*diagnosis.undo)
        scratch.until(seed, only if seed.returns else frozenset(), only=only)


def test_an_invalid_index_has_one_diagnosis(scratch: Scratch) -> None:
    seed = Seed(code="INDEX_INVALID", sql=(*FILLED, "UPDATE t SET n = 0", "VACUUM (ANALYZE) t"))
    scratch.run(*seed.sql)
    try:
        with pytest.raises(asyncpg.UniqueViolationError):
            scratch.run("CREATE UNIQUE INDEX CONCURRENTLY a ON t (n)")
        examination = scratch.examine(seed)
        assert codes(examination) == {"INDEX_INVALID"}
        scratch.steps(*examination.diagnoses[0].command)
        assert codes(scratch.examine(seed)) == set()
    finally:
        scratch.run(*seed.clean)


def test_a_policy_is_rewritten_only_where_no_text_can_look_like_a_call(scratch: Scratch) -> None:
    call = "n = current_setting('app.tenant', true)::int"
    seed = next(each for each in SEEDS if each.code == "RLS_CALL_PER_ROW")
    cases = {
        f"{call} AND 'current_setting(''a'')' <> ''": {False},
        "n = drawn()": set(),
        call: {True},
    }
    volatile = "CREATE FUNCTION drawn() RETURNS int VOLATILE LANGUAGE sql AS 'SELECT 1'"
    only = frozenset({seed.code})
    scratch.run(*seed.sql[:3], volatile)
    try:
        scratch.run("VACUUM (ANALYZE) t")
        for using, applicable in cases.items():
            scratch.run(f"CREATE POLICY p ON t USING ({using})")
            diagnoses = scratch.examine(seed, only=only).diagnoses
            assert {each.is_sql for each in diagnoses} == applicable, using
            scratch.run("DROP POLICY p ON t")
    finally:
        scratch.run(*seed.clean, "DROP FUNCTION drawn()")


def test_checkpoints_that_no_log_forced_are_no_fault(scratch: Scratch) -> None:
    seed = Seed(code="CHECKPOINTS_FORCED", thresholds={"checkpoints": 2})
    scratch.run("CHECKPOINT", "CHECKPOINT", "CHECKPOINT")
    assert codes(scratch.examine(seed)) == frozenset()


def test_an_index_that_a_standby_uses_is_not_unused(scratch: Scratch) -> None:
    seed = next(each for each in SEEDS if each.code == "INDEX_UNUSED")
    scratch.run(*seed.sql)
    # Another database with an index of that name plays the standby.
    at_once(run_sql(scratch.standby, *seed.sql))
    try:
        scope = {"replicas": (scratch.standby,)}
        assert codes(scratch.examine(seed, **scope)) == {"INDEX_UNUSED"}
        at_once(run_sql(scratch.standby, "SET enable_seqscan = off", "SELECT FROM t WHERE n = 1"))
        assert codes(scratch.examine(seed, **scope)) == set()
    finally:
        scratch.run(*seed.clean)
        at_once(run_sql(scratch.standby, *seed.clean))
