"""Changes of settings: made, stopped half-way, undone."""

from dataclasses import replace
from typing import Any

import pytest

from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.tune.applying import Change, apply_proposals, undo_change
from fraiseql.operating.tune.facts import Overrides, load_facts
from fraiseql.operating.tune.proposals import Tuning, propose
from fraiseql.operating.tune.refusals import check_change
from fraiseql.sizing.sizes import GB
from tests.integration.operating.scratch import Scratch

MACHINE = Overrides(memory=GB, share=1.0, cpus=4)
READ_FILE = "pg_read_file(text, bigint, bigint, boolean)"
SETTINGS = """SELECT array_agg(s.name || '=' || coalesce(s.reset_val, '') || s.pending_restart
  ORDER BY s.name) FROM pg_settings s WHERE s.source <> 'session'"""
FILE = """SELECT array_agg(f.name || '=' || f.setting ORDER BY f.name) FROM pg_file_settings f
  WHERE f.sourcefile LIKE '%auto.conf'"""


class StoppedError(Exception):
    """The end of a process, for the code that runs."""


def tuned(scratch: Scratch, overrides: Overrides = MACHINE) -> Tuning:
    async def work(pool: Pool) -> Tuning:
        return propose(await load_facts(pool, overrides, 14))

    return scratch.work(work)


def state(scratch: Scratch) -> tuple[Any, Any]:
    """The settings, and the lines of postgresql.auto.conf."""
    return scratch.value(SETTINGS), scratch.value(FILE)


def applied(scratch: Scratch, tuning: Tuning) -> Change:
    return scratch.work(lambda pool: apply_proposals(pool, tuning.proposals))


def stopped(scratch: Scratch, tuning: Tuning, last: int) -> None:
    """Apply, and stop before a statement."""
    statements: list[str] = []

    def announce(statement: str) -> None:
        statements.append(statement)
        if len(statements) > last:
            raise StoppedError

    scratch.work(lambda pool: apply_proposals(pool, tuning.proposals, announce))


def undone(scratch: Scratch, number: int | None = None) -> Change:
    return scratch.work(lambda pool: undo_change(pool, number))


def test_a_change_is_in_effect_and_its_undo_restores_the_file(scratch: Scratch) -> None:
    before = state(scratch)
    tuning = tuned(scratch)
    names = {each.name for each in tuning.proposals}
    assert {"shared_preload_libraries", "autovacuum_work_mem"} <= names
    change = applied(scratch, tuning)
    assert "shared_preload_libraries" in change.pending
    assert scratch.value("SHOW autovacuum_work_mem") == "64MB"
    again = tuned(scratch)
    assert (again.proposals, set(again.pending)) == ((), set(change.pending))
    assert undone(scratch).number == change.number
    assert state(scratch) == before
    assert undone(scratch).number is None


def test_a_change_that_stops_at_any_statement_can_be_undone(scratch: Scratch) -> None:
    before = state(scratch)
    tuning = tuned(scratch)
    for last in range(len(tuning.proposals) + 1):
        with pytest.raises(StoppedError):
            stopped(scratch, tuning, last)
        assert undone(scratch).number is not None
        assert state(scratch) == before


def test_what_another_changed_since_is_left(scratch: Scratch) -> None:
    change = applied(scratch, tuned(scratch))
    scratch.run("ALTER SYSTEM SET autovacuum_work_mem = '77MB'")
    assert undone(scratch, change.number).left == ("autovacuum_work_mem",)
    assert scratch.value("SHOW autovacuum_work_mem") == "77MB"
    scratch.run("ALTER SYSTEM RESET autovacuum_work_mem", "SELECT pg_reload_conf()")


def test_an_unknown_change_is_refused(scratch: Scratch) -> None:
    with pytest.raises(ConfigurationError, match="no change 4711"):
        undone(scratch, 4711)


def test_one_command_at_a_time_changes_settings(scratch: Scratch) -> None:
    scratch.run("SELECT pg_advisory_lock(4711310040)")
    try:
        with pytest.raises(ConfigurationError) as refused:
            undone(scratch)
    finally:
        scratch.run("SELECT pg_advisory_unlock(4711310040)")
    assert refused.value.code == "TUNE_REFUSED"


def test_a_role_without_the_right_is_refused_with_the_ways_out(scratch: Scratch) -> None:
    scratch.run(
        "CREATE ROLE tune_reader LOGIN IN ROLE pg_read_server_files, pg_read_all_settings",
        f"GRANT EXECUTE ON FUNCTION {READ_FILE} TO tune_reader",
    )
    with scratch.connected(scratch.url.replace("postgres@", "tune_reader@")):
        tuning = tuned(scratch)
    scratch.run(f"REVOKE EXECUTE ON FUNCTION {READ_FILE} FROM tune_reader", "DROP ROLE tune_reader")
    assert tuning.facts.machine is not None
    with pytest.raises(ConfigurationError) as refused:
        check_change(tuning)
    assert refused.value.code == "NOT_SUPERUSER"
    assert "GRANT ALTER SYSTEM ON PARAMETER " in refused.value.hint
    assert "shared_preload_libraries TO tune_reader" in refused.value.hint


@pytest.mark.parametrize(
    "overrides",
    [replace(MACHINE, memory=1024 * GB), replace(MACHINE, connections=90)],
    ids=["more memory than the machine has", "the worst case does not fit"],
)
def test_a_change_that_cannot_work_is_refused(scratch: Scratch, overrides: Overrides) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_change(tuned(scratch, overrides))
    assert refused.value.code == "TUNE_REFUSED"


def test_a_managed_server_is_refused(scratch: Scratch) -> None:
    tuning = tuned(scratch)
    managed = replace(tuning, facts=replace(tuning.facts, provider="rds"))
    with pytest.raises(ConfigurationError) as refused:
        check_change(managed)
    assert "--format rds" in refused.value.hint
