"""Fixtures: one server of a kind for all tests of the doctor."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from fraiseql.database.embedded.binaries import system_directory
from tests.conftest import MISSING
from tests.integration.operating.scratch import Scratch, Scratches


@pytest.fixture(scope="session")
def scratches(server_directories: Callable[[str], Path]) -> Iterator[Scratches]:
    """Give the doctor's server of a kind; started when first asked for."""
    running: list[Scratch] = []

    @cache
    def start(kind: str) -> Scratch:
        binaries = system_directory() if kind == "system" else None
        if kind == "system" and binaries is None:
            pytest.skip(MISSING)
        running.append(Scratch(server_directories(f"doctor-{kind}"), binaries))
        return running[-1]

    yield start
    for scratch in running:
        scratch.stop()


@pytest.fixture
def scratch(server_kind: str, scratches: Scratches) -> Scratch:
    """The doctor's server, with an empty database."""
    return scratches(server_kind)
