"""The function of each type writes the same text in every session."""

import asyncpg
import pytest

from fraiseql.caching.definition.rows import row_function
from fraiseql.caching.definition.tables import Table
from tests.integration.caching.ddl.env import migrating
from tests.integration.caching.generated_column.conftest import STORED
from tests.integration.caching.generated_column.rows import write
from tests.integration.caching.generated_column.samples import COLUMNS
from tests.integration.flights import at_once

ROW = {
    "small": "-7",
    "big": "9007199254740993",
    "price": "1.50",
    "cost": "0.10",
    "ratio": "0.30000000000000004",
    "single": "1e-10",
    "flag": "t",
    "name": 'a "b" \\ ü',
    "code": "ab",
    "short": "ü",
    "uid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "at": "2001-02-03 04:05:06.7+08",
    "local": "2001-02-03 04:05:06",
    "day": "0044-03-15 BC",
    "clock": "04:05:06.7",
    "span": "-14 months +3 days +1.5 seconds",
    "raw": "\\x00ff5c",
    "how": 'so "so"',
    "doc": {"a": [1.5, None, "x"]},
    "period": "[2001-02-03 04:05:06+08,)",
    "days": "[2001-02-03,2001-02-05)",
    "host": "10.0.0.1",
    "numbers": ["1", None],
    "names": ["a,b", None],
    "instants": ["2001-02-03 04:05:06+08", "infinity"],
    "ratios": ["0.1", "1e300", "-0", "NaN"],
    "spans": ["1 day", "-2 months"],
    "moods": ["sad"],
    "grid": "{{1,2},{3,NULL}}",
}
WRITTEN = {
    "at": '{"at": "2001-02-02T20:05:06.7+00:00"}',
    "day": '{"day": "0044-03-15 BC"}',
    "span": '{"span": "P-1Y-2M3DT1.5S"}',
    "raw": '{"raw": "\\\\x00ff5c"}',
    "ratio": '{"ratio": 0.30000000000000004}',
    "single": '{"single": "1e-10"}',
    "ratios": '{"ratios": [0.1, "1e+300", "-0", "NaN"]}',
    "period": '{"period": "[\\"2001-02-02 20:05:06+00\\",)"}',
    "price": '{"price": 1.50}',
}


@pytest.fixture(scope="module")
def table(things: str) -> Table:
    async def load() -> Table:
        async with migrating(things) as (_, wishes):
            return (await wishes(STORED)).stored_types[0].table

    return at_once(load())


@pytest.mark.parametrize("column", COLUMNS)
async def test_it_is_written_the_same_in_every_session(
    table: Table, sessions: list[asyncpg.Connection], column: str
) -> None:
    owner = sessions[-1]
    await owner.execute("TRUNCATE public.thing")
    await write(owner, 1, ROW)
    function = row_function("One", table, [column])
    for statement in function.object.create:
        await owner.execute(statement)
    await owner.execute("GRANT USAGE ON SCHEMA fraiseql TO a_writer")
    text = f"SELECT {function.call('t')}::text FROM public.thing t"
    result = {await session.fetchval(text) for session in sessions}
    assert len(result) == 1
    assert result == {WRITTEN.get(column, *result)}
