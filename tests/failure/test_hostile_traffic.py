"""Hostile traffic of all kinds at once: no foreign data, and no internal errors."""

import asyncio
from pathlib import Path

import pytest

from tests.failure.traffic.storm import Storm, run


@pytest.mark.parametrize("app", ["app", "open_app"], ids=["python", "native"])
def test_a_storm(database: str, tmp_path: Path, app: str) -> None:
    report = asyncio.run(run(Storm(database, tmp_path, seconds=4, seed=7, app=app)))
    assert not report.seen.wrong, report.seen.wrong[:3]
    assert report.tracebacks == 0
    answers = report.seen.answers
    assert answers["honest 200" if app == "app" else "steady native"] > 0, report.line()
    assert sum(number for kind, number in answers.items() if kind.startswith("attacker 4")) > 5
    assert answers["aborted"] > 0
    assert report.faults
    assert report.watched.beats > 0
