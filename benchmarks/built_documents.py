"""Time that a generated column saves: ``python -m benchmarks.built_documents``.

Lists of 900 rows, whose documents are built from columns or read from a stored one, in turn on one
connection of a throw-away server, in processor time of its backend.
"""

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from fraiseql.database.embedded import start_embedded

RUNS = 30
ROWS = 900
SETTLED = 0.002
"""Seconds after which a backend waits again, and its time is counted."""

SHAPES = {
    "five integers": ["g", "g * 2", "g * 3", "g * 5", "g * 7"],
    "short texts": ["repeat('text ', 20) || g", "'b' || g"],
    "dates, a number": ["now() + g * interval '1 s'", "now()", "current_date + g", "g / 7.0"],
    "twenty integers": [f"g * {number}" for number in range(20)],
    "long texts": ["repeat(md5(g::text), 60)", "repeat(md5((g + 1)::text), 10)"],
    "four floats": ["g / 7.0::float8", "g / 3.0::float8", "sqrt(g)", "ln(g)"],
}


def statements(columns: list[str]) -> dict[str, str]:
    """Return the statements of both sides, and one that reads nothing."""
    names = ", ".join(f"c{number}" for number, _ in enumerate(columns))
    listed = f"WHERE id <= $1 ORDER BY id LIMIT {ROWS}"
    built = f"SELECT id, {names} FROM shape {listed}"
    return {
        "built": f"SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM ({built}) AS r",
        "read": f"SELECT convert_to(stored::text, 'UTF8') FROM shape {listed}",
        "nothing": "SELECT $1::int",
    }


async def fill(connection: Any, columns: list[str]) -> None:
    """Make the table of a shape."""
    named = ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(columns))
    rows = f"SELECT g AS id, {named} FROM generate_series(1, 5000) AS g"
    await connection.execute("DROP TABLE IF EXISTS shape")
    await connection.execute(
        f"CREATE TABLE shape AS SELECT r.*, to_jsonb(r) AS stored FROM ({rows}) r"
    )
    await connection.execute("ALTER TABLE shape ADD PRIMARY KEY (id)")
    await connection.execute("VACUUM ANALYZE shape")


async def times(connection: Any, columns: list[str]) -> dict[str, float]:
    """Return the median processor milliseconds of each statement."""
    pid = connection.get_server_pid()
    prepared = {name: await connection.prepare(sql) for name, sql in statements(columns).items()}
    measured: dict[str, list[float]] = {name: [] for name in prepared}
    for _ in range(RUNS):
        for name, statement in prepared.items():
            before = processor_ms(pid)
            await statement.fetch(5000)
            await asyncio.sleep(SETTLED)
            measured[name].append(processor_ms(pid) - before)
    return {name: median(values) for name, values in measured.items()}


def processor_ms(pid: int) -> float:
    """Return the processor time of a process."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


async def main(url: str) -> None:
    """Measure and print."""
    connection = await asyncpg.connect(url)
    for name, columns in SHAPES.items():
        await fill(connection, columns)
        each = await times(connection, columns)
        saved = (each["built"] - each["read"]) / (each["built"] - each["nothing"])
        print(
            f"{name:<16} built {each['built']:.3f} ms, read {each['read']:.3f} ms:"
            f" {each['built'] / each['read']:.2f}x; {saved:.2f} of the time over a round trip",
            flush=True,
        )
    await connection.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, start_embedded(folder, durable=False) as server:
        asyncio.run(main(server.url))
