"""Proposals for synthetic servers."""

from typing import Any

import pytest

from fraiseql.errors import ConfigurationError
from fraiseql.operating.tune.proposals import NAMES, SettingFilter, Tuning, propose
from fraiseql.sizing.sizes import GB, MB
from tests.unit.operating.tune.synthetic import NO_SYMPTOMS, SPILLS, changed, facts_of

UNTOUCHED = ("fsync", "full_page_writes", "synchronous_commit", "wal_level", "listen_addresses")


def values(tuning: Tuning) -> dict[str, str]:
    return {each.name: each.new_text for each in (*tuning.proposals, *tuning.candidates)}


def skipped(tuning: Tuning) -> dict[str, str]:
    return {each.name: each.reason for each in tuning.skipped}


def test_the_example_of_16_gb_has_its_three_figures() -> None:
    """A quarter and three quarters of the memory, and 64 MB for each sort."""
    tuning = propose(facts_of(16 * GB, statistics=NO_SYMPTOMS | SPILLS, connections=27 + 5))
    assert values(tuning)["shared_buffers"] == "4GB"
    assert values(tuning)["effective_cache_size"] == "12GB"
    assert values(tuning)["work_mem"] == "64MB"


def test_planner_settings_are_candidates_until_they_are_measured() -> None:
    tuning = propose(facts_of(16 * GB))
    assert {each.name for each in tuning.candidates} == {
        "effective_cache_size",
        "random_page_cost",
        "max_parallel_workers_per_gather",
    }
    assert {each.target.kind for each in tuning.proposals} == {"size"}


def test_without_a_symptom_no_setting_of_the_class_evidence_is_proposed() -> None:
    tuning = propose(facts_of(64 * GB))
    assert not [each for each in tuning.proposals if each.target.kind == "evidence"]
    assert "0 temporary files" in skipped(tuning)["work_mem"]


@pytest.mark.parametrize(
    ("statistics", "name", "value"),
    [
        (SPILLS, "work_mem", "107MB"),
        ({"requested": 20, "timed": 1, "wal_bytes": 20.0 * GB}, "max_wal_size", "4GB"),
        (
            {"requested": 20, "timed": 1, "wal_bytes": 20.0 * GB, "wal_seconds": 6000.0},
            "max_wal_size",
            "9GB",
        ),
        ({"requested": 20, "timed": 1, "wal_bytes": 20.0 * GB}, "checkpoint_timeout", "15min"),
        ({"wal_bytes": 2.0 * GB, "wal_fpi": 200_000}, "wal_compression", "lz4"),
        ({"idle_in_transaction": 2}, "idle_in_transaction_session_timeout", "1min"),
    ],
)
def test_a_symptom_has_its_proposal(statistics: dict[str, Any], name: str, value: str) -> None:
    assert values(propose(facts_of(16 * GB, statistics=NO_SYMPTOMS | statistics)))[name] == value


def test_too_few_connections_are_raised_and_never_lowered() -> None:
    assert values(propose(facts_of(16 * GB, connections=105)))["max_connections"] == "118"
    assert "max_connections" not in values(propose(facts_of(16 * GB, connections=80)))


def test_a_value_that_the_server_does_not_know_is_skipped() -> None:
    settings = changed("wal_compression", choices=("pglz", "on", "off"))
    wal = {"wal_bytes": 2.0 * GB, "wal_fpi": 200_000}
    tuning = propose(facts_of(16 * GB, settings=settings, statistics=NO_SYMPTOMS | wal))
    assert values(tuning)["wal_compression"] == "pglz"
    tuning = propose(facts_of(16 * GB, settings=changed("shared_buffers", most=GB)))
    assert skipped(tuning)["shared_buffers"] == "4GB: the largest value is 1GB"


def test_a_setting_that_another_place_sets_is_skipped_with_the_place() -> None:
    settings = changed("shared_buffers", source="command line")
    tuning = propose(facts_of(16 * GB, settings=settings))
    assert skipped(tuning)["shared_buffers"].endswith("its value comes from the command line")


def test_a_value_near_the_present_one_is_not_proposed() -> None:
    near, far = (changed("shared_buffers", value=size) for size in (3700 * MB, 3600 * MB))
    assert "shared_buffers" not in values(propose(facts_of(16 * GB, settings=near)))
    assert "shared_buffers" in values(propose(facts_of(16 * GB, settings=far)))


def test_a_larger_cache_stays_up_to_two_fifths_of_the_memory() -> None:
    large, huge = (changed("shared_buffers", value=size) for size in (6 * GB, 7 * GB))
    assert "shared_buffers" not in values(propose(facts_of(16 * GB, settings=large)))
    assert values(propose(facts_of(16 * GB, settings=huge)))["shared_buffers"] == "4GB"


def test_sorts_are_made_smaller_where_the_worst_case_does_not_fit() -> None:
    settings = changed("work_mem", value=256 * MB)
    tuning = propose(facts_of(16 * GB, settings=settings, connections=95))
    assert tuning.worst.fits
    assert values(tuning)["work_mem"] == "31MB"
    assert not propose(facts_of(512 * MB, connections=95)).worst.fits


def test_the_worst_case_is_a_sum_of_its_terms() -> None:
    worst = propose(facts_of(16 * GB)).worst
    assert [size for _, size in worst.terms] == [
        4 * GB,
        19 * 4 * MB * 3,
        3 * (1024 * MB // 3 // MB) * MB,
        19 * 8 * MB,
    ]


def test_libraries_are_added_to_those_that_are_loaded() -> None:
    settings = changed("shared_preload_libraries", value='auto_explain, "my lib"')
    tuning = propose(facts_of(16 * GB, settings=settings, extensions=("pg_stat_statements",)))
    (proposal,) = (each for each in tuning.proposals if each.name == "shared_preload_libraries")
    assert proposal.command == (
        "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'my lib', 'pg_stat_statements'"
    )
    assert "does not have pg_prewarm" in skipped(tuning)["shared_preload_libraries"]


def test_unknown_inputs_are_said_and_not_guessed() -> None:
    tuning = propose(facts_of(4 * GB, cpus=None, clock="", database_bytes=100 * GB))
    assert "--cpus" in skipped(tuning)["max_parallel_workers_per_gather"]
    assert "--storage" in skipped(tuning)["random_page_cost"]
    assert "pg_test_timing" in skipped(tuning)["track_io_timing"]


@pytest.mark.parametrize(
    ("storage", "statistics", "cost"),
    [
        ("nvme", {}, "1.1"),
        ("ssd", {}, "1.1"),
        (None, {"blks_read": 10_000, "blk_read_time": 1_000.0}, "1.1"),
    ],
)
def test_random_reads_are_cheap_on_fast_disks(
    storage: str | None, statistics: dict[str, Any], cost: str
) -> None:
    inputs = facts_of(4 * GB, database_bytes=100 * GB, storage=storage, statistics=statistics)
    assert values(propose(inputs))["random_page_cost"] == cost


def test_only_and_except_choose_settings() -> None:
    only = propose(facts_of(16 * GB), SettingFilter(frozenset({"shared_buffers"})))
    assert list(values(only)) == ["shared_buffers"]
    without = propose(facts_of(16 * GB), SettingFilter(excluded=frozenset({"shared_buffers"})))
    assert "shared_buffers" not in values(without)
    with pytest.raises(ConfigurationError, match="shared_buffers"):
        SettingFilter(frozenset({"shared_buffer"}))


def test_settings_of_safety_have_no_formula() -> None:
    assert not set(UNTOUCHED) & set(NAMES)


def test_the_undo_restores_the_line_of_the_file_that_was_there() -> None:
    chosen = SettingFilter(frozenset({"shared_buffers"}))
    (proposal,) = propose(facts_of(16 * GB, altered={"shared_buffers": "256MB"}), chosen).proposals
    assert proposal.undo == "ALTER SYSTEM SET shared_buffers = '256MB'"
    (default,) = propose(facts_of(16 * GB), chosen).proposals
    assert default.undo == "ALTER SYSTEM RESET shared_buffers"
