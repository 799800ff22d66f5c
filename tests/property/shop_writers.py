"""Writers: random transactions on the shop, from several connections at once, in a thread."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

EXPECTED: Final = (
    asyncpg.ForeignKeyViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.UniqueViolationError,
)
"""What writers meet because they are random; each is rolled back whole."""

_STATEMENTS: Final = (
    "UPDATE author SET name = '{text}', score = {n} * 0.1 WHERE id = {a}",
    "UPDATE author SET rating = {n}.00, country_id = nullif({c}, 3) WHERE id IN ({a}, {b})",
    "UPDATE author SET vip = NOT coalesce(vip, false) WHERE id % 2 = {n} % 2",
    "UPDATE country SET name = '{text}' WHERE id = {c}",
    "UPDATE post SET author_id = {a}, title = '{text}' WHERE id = {p}",
    "UPDATE post SET price = {n}.50 WHERE author_id = {a}",
    "INSERT INTO post (id, author_id, title, price) VALUES ({p}, {a}, '{text}', {n})",
    "DELETE FROM remark WHERE post_id = {p}",
    "DELETE FROM post WHERE id = {p}",
    "UPDATE remark SET post_id = {p}, stars = {n} % 6 WHERE id = {r}",
    "UPDATE remark SET writer_id = nullif({a}, 9) WHERE id IN ({r}, {r} + 1)",
    "INSERT INTO remark (id, post_id, writer_id, body) VALUES ({r}, {p}, {a}, '{text}')",
    "DELETE FROM remark WHERE id = {r}",
    "INSERT INTO author (id, name) VALUES ({a}, '{text}')",
    "DELETE FROM author WHERE id = {a}",
)


def _statement(chance: random.Random) -> str:
    return chance.choice(_STATEMENTS).format(
        a=chance.randint(1, 9),
        b=chance.randint(1, 9),
        c=chance.randint(1, 3),
        p=chance.randint(1, 20),
        r=chance.randint(1, 40),
        n=chance.randint(0, 99),
        text=chance.choice(["new", "Ä", "x" * 300, ""]),
    )


FILL: Final = """
INSERT INTO country SELECT n, 'c' || n, n * 1.10 FROM generate_series(1, 3) n;
INSERT INTO author (id, country_id, name) SELECT n, 1 + n % 3, 'a' || n
FROM generate_series(1, 8) n;
INSERT INTO post (id, author_id, title, price) SELECT n, 1 + n % 8, 't' || n, n * 1.0
FROM generate_series(1, 16) n;
INSERT INTO remark SELECT n, 1 + n % 16, 1 + n % 8, 'r' || n, n % 6 FROM generate_series(1, 32) n;
"""


class Writers:
    """Counts what is committed, and keeps what was not expected."""

    def __init__(self) -> None:
        self.committed = 0
        self.failures: list[BaseException] = []
        self.over = threading.Event()

    async def write(self, url: str, seed: int) -> None:
        chance = random.Random(seed)
        connection = await asyncpg.connect(url)
        try:
            while not self.over.is_set():
                try:
                    async with connection.transaction():
                        for _ in range(chance.randint(1, 3)):
                            await connection.execute(_statement(chance))
                    self.committed += 1
                except EXPECTED:
                    pass
        finally:
            await connection.close()

    async def all(self, url: str, count: int, seed: int) -> None:
        await asyncio.gather(*[self.write(url, seed + n) for n in range(count)])


@contextmanager
def writing(url: str, count: int = 3, seed: int = 0) -> Iterator[Writers]:
    """Have ``count`` writers at work on the database meanwhile."""
    writers = Writers()

    def work() -> None:
        try:
            asyncio.run(writers.all(url, count, seed))
        except BaseException as error:  # noqa: BLE001 - reported by the test's own thread
            writers.failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield writers
    finally:
        writers.over.set()
        thread.join()
