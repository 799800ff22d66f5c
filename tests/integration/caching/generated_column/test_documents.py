"""Documents equal the live ones, for any settings of writers and readers."""

import json
import os
from typing import Any

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraiseql.serving import Request
from tests.integration.caching.generated_column.rows import SESSIONS, write
from tests.integration.caching.generated_column.samples import COLUMNS, rows
from tests.integration.serving.served import Served, unnumbered

ALL = "{ things(orderBy: {id: ASC}, limit: 500) { id " + " ".join(COLUMNS) + " } }"


def fill(live: Served, sessions: list[str], filled: list[dict[str, object]]) -> None:
    """Write every row once in each session's settings."""

    live.execute("TRUNCATE thing")

    async def work() -> None:
        from_all = [await asyncpg.connect(live.url) for _ in sessions]
        try:
            for connection, text in zip(from_all, sessions, strict=True):
                await connection.execute(text)
            for place, connection in enumerate(from_all):
                for number, row in enumerate(filled):
                    await write(connection, number * 10 + place, row)
        finally:
            for connection in from_all:
                await connection.close()

    live.run(work())


@st.composite
def operations(draw: Any) -> str:
    """Operations with aliases, filters, orders and limits."""
    # Few are read as columns, many from the document.
    most = draw(st.sampled_from([3, len(COLUMNS) - 5, len(COLUMNS)]))
    chosen = draw(st.permutations(COLUMNS))[:most]
    order = draw(st.sampled_from(["id: ASC", "price: DESC", "name: ASC", "ratio: ASC"]))
    where = draw(
        st.sampled_from(
            [
                "",
                "name: {isNull: false}",
                "ratio: {gt: 0}",
                "flag: {eq: true}",
                "how: {eq: GLAD}",
                'at: {gt: "1000-01-01T00:00:00Z"}',
            ]
        )
    )
    fields = " ".join(f"a{place}: {name}" for place, name in enumerate(chosen))
    arguments = f"where: {{{where}}}, orderBy: [{{{order}}}, {{id: ASC}}]"
    limit = draw(st.integers(0, 9))
    return f"{{ things({arguments}, limit: {limit}) {{ __typename id {fields} }} }}"


MANY = settings(
    max_examples=int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "20")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@MANY
@given(filled=st.lists(rows(), min_size=3, max_size=6))
def test_every_session_writes_the_same_and_readers_get_the_live_bytes(
    live: Served, stored: Served, filled: list[dict[str, object]]
) -> None:
    fill(live, list(SESSIONS), filled)
    documents = live.fetch("SELECT id, (kept - 'id')::text AS text FROM thing ORDER BY id")
    written: dict[int, set[str]] = {}
    for row in documents:
        written.setdefault(row["id"] // 10, set()).add(row["text"])
    assert [texts for texts in written.values() if len(texts) != 1] == []
    answer = stored.body(ALL)
    assert json.loads(answer)["data"], answer[-600:]
    assert len(json.loads(answer)["data"]["things"]) == len(filled) * len(SESSIONS)
    assert unnumbered(answer) == unnumbered(live.body(ALL))


def test_the_stored_column_is_read(stored: Served, live: Served) -> None:
    def statement(running: Served, text: str = ALL) -> str:
        return running.run(running.service.explain(Request(text))).statements[0].sql

    assert '"kept"' in statement(stored)
    assert '"kept"' not in statement(live)
    # A few columns are read with less work than the whole document.
    assert '"kept"' not in statement(stored, "{ things { name } }")


@MANY
@given(
    filled=st.lists(rows(), min_size=1, max_size=8),
    operation=operations(),
)
def test_random_operations_have_the_same_answer(
    live: Served, stored: Served, filled: list[dict[str, object]], operation: str
) -> None:
    fill(live, ["SET TimeZone='Asia/Tokyo'"], filled)
    answer = stored.body(operation)
    assert unnumbered(answer) == unnumbered(live.body(operation))
    assert "data" in json.loads(answer)
