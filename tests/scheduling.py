"""How processes and jobs share the tests, and which tests are long."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from zlib import crc32

import pytest
from xdist.scheduler import LoadScopeScheduling

LONG: Final = (
    "tests/property/",
    "tests/failure/",
    "tests/integration/caching/results/privileges/",
    "tests/integration/caching/results/oracle/",
    "tests/integration/caching/results/killed/",
    "tests/integration/caching/results/memory/test_soak_exact.py",
    "tests/integration/caching/upheaval/",
    "tests/integration/caching/projection/test_storm.py",
    "tests/integration/caching/projection/test_interleavings.py",
    "tests/integration/caching/materialized_view/test_oracle.py",
    "tests/integration/caching/materialized_view/test_concurrent_workers.py",
    "tests/integration/caching/indexes/test_rolling.py",
    "tests/integration/cli/test_slow_clients.py",
    "tests/integration/operating/test_predictions_measured.py",
    "tests/integration/serving/test_definition_kinds.py",
    "tests/browser/",
)
"""Begun first, since the run ends with the last of them; ``--short`` leaves them out."""


STRESS: Final = (
    "tests/benchmarks/",
    "tests/failure/",
    "tests/integration/caching/ddl/test_killed.py",
    "tests/integration/caching/indexes/test_rolling.py",
    "tests/integration/caching/materialized_view/test_concurrent_workers.py",
    "tests/integration/caching/materialized_view/test_crashes_and_restores.py",
    "tests/integration/caching/projection/test_declared_killed.py",
    "tests/integration/caching/projection/test_declared_rolling.py",
    "tests/integration/caching/projection/test_storm.py",
    "tests/integration/caching/results/killed/",
    "tests/integration/caching/results/memory/test_soak_exact.py",
    "tests/integration/caching/results/served/test_two_servers.py",
    "tests/integration/caching/upheaval/",
    "tests/integration/cli/test_slow_clients.py",
    "tests/integration/operating/test_evaluated_advice.py",
    "tests/integration/operating/test_measured_advice_command.py",
    "tests/integration/operating/test_predictions_measured.py",
    "tests/integration/serving/test_definition_kinds.py",
    "tests/property/test_names.py",
)
"""They kill, overload, measure, or try all of many cases; `make check-rest` runs them."""


CASES_IN_TURN: Final = (
    "tests/docs/test_pages.py",
    "tests/failure/test_bad_documents.py",
    "tests/integration/caching/ddl/test_commands.py",
    "tests/integration/caching/ddl/test_killed.py",
    "tests/integration/caching/generated_column/test_refusals.py",
    "tests/integration/caching/materialized_view/test_refusals.py",
    "tests/integration/caching/projection/test_declared_refusals.py",
    "tests/integration/caching/projection/test_single_session.py",
    "tests/integration/caching/projection/test_statements.py",
    "tests/integration/caching/results/dependencies/test_refusals.py",
    "tests/integration/caching/results/engine/test_settings.py",
    "tests/integration/cli/",
    "tests/integration/database/test_facade.py",
    "tests/integration/database/test_outages.py",
    "tests/integration/http/",
    "tests/integration/operating/test_scratch_copies.py",
    "tests/integration/serving/test_bad_documents.py",
    "tests/integration/serving/test_bad_input.py",
    "tests/integration/serving/test_error_log.py",
    "tests/integration/serving/test_hostile.py",
    "tests/integration/serving/test_input_limits.py",
    "tests/integration/serving/test_large_documents.py",
    "tests/integration/serving/test_messages.py",
    "tests/integration/serving/test_native_bounds.py",
    "tests/integration/serving/test_native_poolers.py",
    "tests/integration/serving/test_positions.py",
    "tests/integration/serving/test_start_types.py",
)
"""Many cases each, independent of each other: half of them run on each server."""

FILES_IN_TURN: Final = (
    "tests/clients/",
    "tests/migration/",
    "tests/integration/caching/indexes/",
    "tests/integration/caching/materialized_view/",
    "tests/integration/caching/projection/test_declared",
    "tests/integration/caching/results/engine/",
    "tests/integration/caching/results/redis_store/",
    "tests/integration/caching/results/roles/",
    "tests/integration/caching/results/schedules/",
    "tests/integration/caching/results/served/",
    "tests/integration/caching/results/servers/",
    "tests/integration/caching/results/statistics/",
    "tests/integration/caching/results/stores/",
    "tests/integration/caching/results/tenants/",
    "tests/integration/demo/",
    "tests/integration/operating/test_advice_trials.py",
    "tests/integration/operating/test_ops_page.py",
    "tests/integration/operating/test_evaluated_advice.py",
    "tests/integration/operating/test_tune_measuring.py",
    "tests/integration/search_path/",
    "tests/integration/serving/",
    "tests/peers/",
    "tests/spec/test_validation_rules.py",
)
"""Python decides these, or SQL that other tests run on both servers: each file runs on one.

Oracles, tests that kill, and tests of what is read from the catalog run on both: each file on one
server with the others, and on the other one in the check `pytest-rest`.
"""


LONG_ON_BOTH: Final = (
    "tests/integration/caching/upheaval/",
    "tests/integration/serving/test_definition_kinds.py",
)
"""Long tests of what each version of PostgreSQL does in its own way with definitions: as above.

The other long tests run each case on one of the two in turn; the checks `pytest-18` and
`pytest-15` run all on each.
"""

LONG_FILES_IN_TURN: Final = (
    "tests/clients/",
    "tests/browser/",
    "tests/property/test_hidden.py",
    "tests/property/test_names.py",
    "tests/property/test_permissions.py",
    "tests/property/test_two_roads.py",
)
"""Of these a whole file runs on one: its cases share what is slow to make."""


PARAMETERS_IN_TURN: Final[dict[str, tuple[str, object]]] = {
    "tests/integration/cli/test_slow_clients.py": ("serve", ("--native",)),
    "tests/property/test_names.py": ("kind", "int"),
}
"""A parameter with two values, and the first: each case takes one of them in a check."""

ONLY_WHOLE: Final = ("tests/integration/cli/test_serving.py::test_demo_check_prints_a_table",)
"""More than a minute each, for little that others do not show: only run with all of a server."""


TOGETHER: Final = (
    (
        "tests/integration/demo/test_check.py",
        "tests/integration/demo/test_load.py",
        "tests/integration/demo/test_native.py",
        "tests/integration/cli/test_serving.py",
    ),
)
"""Files that one process runs, since their fixture takes half a minute: it loads the flights."""

SLOWEST: Final = (
    "tests/property/test_names.py",
    "tests/integration/demo/",
    "tests/integration/cli/test_serving.py",
    "tests/integration/caching/results/privileges/",
    "tests/integration/cli/test_slow_clients.py",
    "tests/benchmarks/",
)
"""Begun before all others: few tests, of which each takes long."""


def has_turn(item: pytest.Item, servers: Sequence[str]) -> bool:
    """Return whether a test runs where tests take the servers and some parameters in turn."""
    if item.nodeid.startswith(ONLY_WHOLE):
        return False
    return _has_turn_of_parameter(item) and _has_turn_of_server(item, servers)


def is_rest(item: pytest.Item, servers: Sequence[str]) -> bool:
    """Return whether `make check` leaves a test out.

    It is one of ``STRESS``, or belongs on both servers and has run on the other one in its turn.
    """
    if is_stress(item.nodeid) and has_turn(item, servers):
        return True
    kind = _kind(item)
    if kind is None or not _belongs_on_both(item) or not _has_turn_of_parameter(item):
        return False
    return not _has_turn_of_server(item, servers)


def _kind(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("server_kind") if callspec else None


def _has_flights(item: pytest.Item) -> bool:
    return "flights" in getattr(item, "fixturenames", ())


def _belongs_on_both(item: pytest.Item) -> bool:
    if item.nodeid.startswith(LONG_ON_BOTH):
        return True
    some = (*LONG_FILES_IN_TURN, *CASES_IN_TURN, *FILES_IN_TURN, *ONLY_WHOLE)
    return not (is_long(item.nodeid) or item.nodeid.startswith(some) or _has_flights(item))


def _has_turn_of_server(item: pytest.Item, servers: Sequence[str]) -> bool:
    kind = _kind(item)
    if kind is None:
        return True
    if _has_flights(item):
        # Loaded on one server; `fraiseql demo` loads them on the embedded one in its own test.
        return kind == servers[-1]
    by_case = is_long(item.nodeid) and not item.nodeid.startswith(
        (*LONG_FILES_IN_TURN, *LONG_ON_BOTH)
    )
    if by_case or item.nodeid.startswith(CASES_IN_TURN):
        return _turn(item.nodeid.replace(kind, ""), servers) == kind
    return _turn(item.nodeid.partition("::")[0], servers) == kind


def _has_turn_of_parameter(item: pytest.Item) -> bool:
    name, first = PARAMETERS_IN_TURN.get(item.nodeid.partition("::")[0], ("", None))
    parameters = dict(getattr(getattr(item, "callspec", None), "params", {}))
    if name not in parameters:
        return True
    is_first = parameters.pop(name) == first
    parameters.pop("server_kind", None)
    case = f"{getattr(item, 'originalname', item.name)} {sorted(parameters.items())}"
    return is_first == (crc32(case.encode()) % 2 == 0)


def _turn(text: str, servers: Sequence[str]) -> str:
    return servers[crc32(text.encode()) % len(servers)]


def is_long(nodeid: str) -> bool:
    """Return whether a test is one of the long ones."""
    return nodeid.startswith(LONG)


def is_stress(nodeid: str) -> bool:
    """Return whether a test is one of those that load the machine for long."""
    return nodeid.startswith(STRESS)


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return tests with the long ones and the largest files in front."""
    count = Counter(item.location[0] for item in items)

    def place(item: pytest.Item) -> tuple[int, bool, int, str]:
        slow = (rank for rank, path in enumerate(SLOWEST) if item.nodeid.startswith(path))
        file = item.location[0]
        return next(slow, len(SLOWEST)), not is_long(item.nodeid), -count[file], file

    return sorted(items, key=place)


class Files(LoadScopeScheduling):
    """One process runs the tests of a file, since they share databases, ports and directories."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        # In the order of the tests, instead of by their number.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((files[0] for files in TOGETHER if file in files), file)
