"""How several processes share the tests, and which tests are long."""

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
    "tests/integration/caching/upheaval/",
    "tests/integration/caching/projection/test_storm.py",
    "tests/integration/caching/projection/test_interleavings.py",
    "tests/integration/caching/materialized_view/test_oracle.py",
    "tests/integration/caching/materialized_view/test_concurrent_workers.py",
    "tests/integration/caching/indexes/test_rolling.py",
    "tests/integration/serving/test_definition_kinds.py",
    "tests/browser/",
)
"""Begun first, since the run ends with the last of them; ``--short`` leaves them out."""


IN_TURN: Final = (
    "tests/failure/test_bad_documents.py",
    "tests/integration/caching/generated_column/test_refusals.py",
    "tests/integration/caching/materialized_view/test_refusals.py",
    "tests/integration/caching/projection/test_declared_refusals.py",
    "tests/integration/caching/results/engine/test_settings.py",
    "tests/integration/caching/results/recorded/test_random_reads.py::test_without",
    "tests/integration/cli/",
    "tests/integration/http/",
    "tests/integration/serving/test_bad_documents.py",
    "tests/integration/serving/test_bad_input.py",
    "tests/integration/serving/test_error_log.py",
    "tests/integration/serving/test_hostile.py",
    "tests/integration/serving/test_input_limits.py",
    "tests/integration/serving/test_large_documents.py",
    "tests/integration/serving/test_messages.py",
    "tests/integration/serving/test_positions.py",
    "tests/integration/serving/test_start_types.py",
    "tests/property/test_names.py::test_fields",
    "tests/property/test_names.py::test_keys",
)
"""Many cases each, of subjects that are the same on every version of PostgreSQL.

Each case runs on one of the two servers, half of them on each. ``--server=both`` runs all on both.
"""


def has_turn(item: pytest.Item, servers: Sequence[str]) -> bool:
    """Return whether a test runs on its server when the tests of a file take servers in turn."""
    callspec = getattr(item, "callspec", None)
    kind = callspec.params.get("server_kind") if callspec else None
    if kind is None or not item.nodeid.startswith(IN_TURN):
        return True
    case = item.nodeid.replace(kind, "")
    return servers[crc32(case.encode()) % len(servers)] == kind


def is_long(nodeid: str) -> bool:
    """Return whether a test is one of the long ones."""
    return nodeid.startswith(LONG)


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return tests with the long ones and the largest files in front."""
    count = Counter(item.location[0] for item in items)

    def place(item: pytest.Item) -> tuple[bool, int, str]:
        return not is_long(item.nodeid), -count[item.location[0]], item.location[0]

    return sorted(items, key=place)


class Files(LoadScopeScheduling):
    """One process runs the tests of a file, since they share databases, ports and directories."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        # In the order of the tests, instead of by their number.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0]
