"""Refresh of stored sources when tables differ from declarations."""

import asyncio
import logging

import pytest

from tests.integration.flights import at_once, run_sql
from tests.integration.serving.stored_by_hand import (
    STORED,
    TABLES,
    beside,
    serve_stored,
    wait_until,
)
from tests.integration.serving.test_stored import sources

QUERY = "{ writers { name novels { title } } }"


def test_an_unknown_state_is_read_live_and_logged_once(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A column is gone: whether stored documents are current is unknown."""
    at_once(run_sql(database, TABLES, STORED))
    with serve_stored(database, beside, refresh_seconds=0.05) as running:
        assert sources(running.data(QUERY)) == {"kept"}
        with caplog.at_level(logging.WARNING, "fraiseql"):
            running.execute("ALTER TABLE writer RENAME COLUMN rank TO place")
            wait_until(running, lambda: sources(running.data(QUERY)) == {"live"})
            running.run(asyncio.sleep(0.4))
        assert [message for message in caplog.messages if "could not be looked up" in message] == [
            "Stored documents could not be looked up: Writer.rank has no column in public.writer."
        ]
        running.execute("ALTER TABLE writer RENAME COLUMN place TO rank")
        wait_until(running, lambda: sources(running.data(QUERY)) == {"kept"})
