"""Random transactions over the schemas, with savepoints, rollbacks and retries."""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from uuid import UUID

import asyncpg

from tests.integration.caching.projection.partitioned import PARTITIONS
from tests.integration.caching.projection.schemas import Case
from tests.integration.caching.projection.writers_partitioned import parted

Statement = tuple[str, tuple[object, ...]]
Journal = deque[str]
"""What writers did last, a line each: time, writer, statement or end."""

_LOST = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_REFUSED = (asyncpg.IntegrityConstraintViolationError,)
_LEVELS = {"read_committed": 92, "repeatable_read": 4, "serializable": 4}


class Chance:
    """Random keys out of small ranges, so that transactions meet often.

    ``major`` is the server's version: what it cannot do is not drawn.
    """

    def __init__(self, seed: int, major: int = 15) -> None:
        self.random = random.Random(seed)
        self.major = major

    def key(self, most: int) -> int:
        return self.random.randint(1, most)

    def maybe(self, value: object) -> object:
        return None if self.random.random() < 0.15 else value

    def word(self) -> str:
        return f"w{self.random.randrange(10**6)}"

    def team(self) -> UUID:
        return UUID(int=self.key(8))

    def site(self) -> tuple[str, int]:
        return self.random.choice(["no", "se"]), self.key(5)

    def happens(self, share: float) -> bool:
        return self.random.random() < share


def blog(c: Chance) -> Statement:
    """One random statement on the blog's tables."""
    user, other, post, comment, word = c.key(8), c.key(8), c.key(30), c.key(90), c.word()
    copied = tuple((1000 + c.random.randrange(10**8), c.maybe(post), user, word) for _ in range(3))
    choices: list[tuple[int, Statement]] = [
        (6, ("UPDATE app.users SET name = $2 WHERE id = $1", (user, word))),
        (2, ("UPDATE app.users SET name = $3 WHERE id IN ($1, $2)", (user, other, word))),
        (2, ("UPDATE app.users SET secret = $2 WHERE id = $1", (user, word))),
        (3, ("INSERT INTO app.users VALUES ($1, $2) ON CONFLICT DO NOTHING", (user, word))),
        (1, ("DELETE FROM app.users WHERE id = $1", (user,))),
        (8, (("INSERT INTO app.posts (id, user_id, reviewer_id, title) VALUES ($1, $2, $3, $4) "
             "ON CONFLICT (id) DO UPDATE SET title = excluded.title, user_id = excluded.user_id"),
             (post, c.maybe(user), c.maybe(other), word))),
        (6, ("UPDATE app.posts SET user_id = $2 WHERE id = $1", (post, c.maybe(user)))),
        (2, ("UPDATE app.posts SET user_id = $2 WHERE user_id = $1", (user, other))),
        (4, ("UPDATE app.posts SET reviewer_id = $2 WHERE id = $1", (post, c.maybe(user)))),
        (2, ("UPDATE app.posts SET title = $2 WHERE user_id = $1", (user, word))),
        (2, ("DELETE FROM app.posts WHERE id = $1", (post,))),
        (2, (("MERGE INTO app.posts p USING (VALUES ($1::bigint), ($2)) AS s(id) ON p.id = s.id "
             "WHEN MATCHED AND p.title > 'w5' THEN DELETE "
             "WHEN MATCHED THEN UPDATE SET user_id = $3, title = $4 "
             "WHEN NOT MATCHED THEN INSERT (id, user_id, reviewer_id) VALUES (s.id, $3, $5)"),
             (post, post % 30 + 1, c.maybe(user), word, c.maybe(other)))),
        (9, ("INSERT INTO app.comments VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
             (comment, c.maybe(post), c.maybe(user), word))),
        (2, ("COPY app.comments", copied)),
        (5, ("UPDATE app.comments SET post_id = $2 WHERE id = $1", (comment, c.maybe(post)))),
        (3, ("UPDATE app.comments SET author_id = $2 WHERE id = $1", (comment, c.maybe(user)))),
        (4, ("DELETE FROM app.comments WHERE id = $1", (comment,))),
        (2, ("DELETE FROM app.comments WHERE id > 1000", ())),
        (1, (("WITH gone AS (DELETE FROM app.comments WHERE id = $1 RETURNING post_id) "
             "UPDATE app.posts SET title = $2 FROM gone WHERE posts.id = gone.post_id"),
             (comment, word))),
    ]  # fmt: skip
    return _drawn(c, choices)


def office(c: Chance) -> Statement:
    """One random statement on the office's tables."""
    team, other, person, word = c.team(), c.team(), c.key(24), c.word()
    country, code = c.site()
    low = person % 11 + 1
    copied = tuple((person, 100 + number, word) for number in range(c.key(3)))
    choices: list[tuple[int, Statement]] = [
        (3, (("INSERT INTO app.sites VALUES ($1, $2, $3) ON CONFLICT (country, code) "
             "DO UPDATE SET city = excluded.city"), (country, code, word))),
        (1, ("DELETE FROM app.sites WHERE country = $1 AND code = $2", (country, code))),
        (5, ("INSERT INTO app.teams VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
             (team, c.maybe(country), code, c.maybe(other), word))),
        (6, ("UPDATE app.teams SET country = $2, code = $3 WHERE id = $1",
             (team, c.maybe(country), code))),
        (3, ("UPDATE app.teams SET parent_id = $2 WHERE id = $1", (team, c.maybe(other)))),
        (4, ("UPDATE app.teams SET name = $2 WHERE id = $1", (team, word))),
        (1, ("DELETE FROM app.teams WHERE id = $1", (team,))),
        (7, ("INSERT INTO app.people VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
             (person, c.maybe(team), word, c.maybe(c.key(24))))),
        (6, ("UPDATE app.people SET team_id = $2 WHERE id = $1", (person, c.maybe(team)))),
        (2, ("UPDATE app.people SET team_id = $2 WHERE team_id = $1", (team, other))),
        (4, ("UPDATE app.people SET boss_id = $2 WHERE id = $1", (person, c.maybe(c.key(24))))),
        (4, ("UPDATE app.people SET name = $2 WHERE id = $1", (person, word))),
        (1, ("UPDATE app.people SET id = $2 WHERE id = $1", (person, c.key(24)))),
        (2, ("DELETE FROM app.people WHERE id = $1", (person,))),
        (9, (("INSERT INTO app.tasks VALUES ($1, $2, $3) ON CONFLICT (person_id, number) "
             "DO UPDATE SET what = excluded.what"), (person, c.key(3), word))),
        (3, ("DELETE FROM app.tasks WHERE person_id = $1 AND number = $2", (person, c.key(3)))),
        (2, ("UPDATE app.tasks SET person_id = $2 WHERE person_id = $1", (person, c.key(24)))),
        (2, ("INSERT INTO app.tasks_low VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
             (low, c.key(3), word))),
        (2, ("UPDATE app.tasks_high SET what = $2 WHERE person_id = $1", (person, word))),
        (1, ("DELETE FROM app.tasks_high WHERE number = $1", (c.key(3),))),
        (2, ("COPY app.tasks", copied)),
        (2, (("MERGE INTO app.tasks t USING (VALUES ($1::int, $2::int), ($1, 7)) AS s(p, n) "
             "ON t.person_id = s.p AND t.number = s.n "
             "WHEN MATCHED AND t.what > 'w5' THEN DELETE "
             "WHEN MATCHED THEN UPDATE SET what = $3 "
             "WHEN NOT MATCHED THEN INSERT VALUES (s.p, s.n, $3)"), (person, c.key(3), word))),
    ]  # fmt: skip
    return _drawn(c, choices)


def partitioned(c: Chance) -> Statement:
    """One random statement on partitioned tables."""
    return _drawn(c, parted(c))


DRAWN: dict[str, Callable[[Chance], Statement]] = {
    "blog": blog,
    "office": office,
    "parted": partitioned,
}
TRUNCATES = {
    "blog": ("TRUNCATE app.comments", "TRUNCATE app.posts CASCADE", "TRUNCATE app.users CASCADE"),
    "office": ("TRUNCATE app.tasks", "TRUNCATE app.tasks_low", "TRUNCATE app.teams CASCADE"),
    "parted": ("TRUNCATE app.entries", "TRUNCATE app.entries_b", "TRUNCATE app.accounts CASCADE"),
}


def _drawn(c: Chance, choices: list[tuple[int, Statement]]) -> Statement:
    weights = [weight for weight, _ in choices]
    return c.random.choices([statement for _, statement in choices], weights)[0]


class Writer:
    """One session and its chance; it says in the journal what it does.

    ``level_refused`` counts statements that another isolation level than READ COMMITTED refused.
    """

    def __init__(
        self, connection: asyncpg.Connection, case: Case, c: Chance, journal: Journal, number: int
    ) -> None:
        self.connection = connection
        self.case = case
        self.c = c
        self.journal = journal
        self.number = number
        self.level_refused = 0

    async def transaction(self) -> str:
        """Run one random transaction; say how it ended."""
        level = self.c.random.choices(list(_LEVELS), list(_LEVELS.values()))[0]
        transaction = self.connection.transaction(isolation=level)
        await transaction.start()
        self._note(f"BEGIN {level}")
        try:
            end = await self._steps(transaction, level)
        except _LOST as error:
            await self._ended(transaction)
            end = error.sqlstate
        except _REFUSED:
            await self._ended(transaction)
            end = "refused"
        self._note(end)
        return end

    async def _steps(self, transaction: asyncpg.transaction.Transaction, level: str) -> str:
        for _ in range(self.c.random.choice([1, 1, 2, 3, 4])):
            await self._one_step(level)
        if level == "read_committed":
            await self._rarely()
        if self.c.happens(0.1):
            await transaction.rollback()
            return "rolled back"
        await transaction.commit()
        return "committed"

    async def _rarely(self) -> None:
        if self.c.happens(0.02):
            await self._execute(("SET CONSTRAINTS fraiseql.flush IMMEDIATE", ()))
        if self.c.happens(0.001):
            await self._execute((self.c.random.choice(TRUNCATES[self.case.name]), ()))
        if self.case.name == "parted" and self.c.happens(0.02):
            await self._execute((self.c.random.choice(PARTITIONS), ()))

    async def _ended(self, transaction: asyncpg.transaction.Transaction) -> None:
        """A commit that fails has ended the transaction; another failure has not."""
        if self.connection.is_in_transaction():
            await transaction.rollback()

    async def _one_step(self, level: str) -> None:
        """One statement in a savepoint, which is sometimes taken back."""
        savepoint = self.connection.transaction()
        await savepoint.start()
        try:
            await self._execute(DRAWN[self.case.name](self.c))
            if self.c.happens(0.1):
                await asyncio.sleep(0.002)
        except _REFUSED:
            await self._back(savepoint)
            return
        except asyncpg.FeatureNotSupportedError:
            if level == "read_committed":
                raise
            self.level_refused += 1
            await self._back(savepoint)
            return
        if self.c.happens(0.15):
            await self._back(savepoint)
        else:
            await savepoint.commit()

    async def _back(self, savepoint: asyncpg.transaction.Transaction) -> None:
        self._note("ROLLBACK TO SAVEPOINT")
        await savepoint.rollback()

    async def _execute(self, statement: Statement) -> None:
        text, arguments = statement
        self._note(f"{text} {arguments}")
        if text.startswith("COPY app."):
            name, _, listed = text.removeprefix("COPY app.").partition(" ")
            await self.connection.copy_records_to_table(
                name, schema_name="app", records=arguments, columns=listed.split() or None
            )
        else:
            await self.connection.execute(text, *arguments)

    def _note(self, text: str) -> None:
        self.journal.append(f"{time.monotonic():.6f} {self.number} {text}")


async def storm(
    url: str,
    case: Case,
    *,
    writers: int,
    seconds: float,
    seed: int,
    journal: Journal | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Counter[str]:
    """Let writers run for a time, or until it is enough; count how their transactions ended."""
    ends: Counter[str] = Counter()
    stop = time.monotonic() + seconds
    entries: Journal = deque(maxlen=1) if journal is None else journal

    async def write(number: int) -> None:
        connection = await asyncpg.connect(url, server_settings={"deadlock_timeout": "50ms"})
        chance = Chance(seed * 1000 + number, connection.get_server_version().major)
        writer = Writer(connection, case, chance, entries, number)
        try:
            while time.monotonic() < stop and not enough():
                ends[await writer.transaction()] += 1
        finally:
            ends["level refused"] += writer.level_refused
            await connection.close()

    await asyncio.gather(*(write(number) for number in range(writers)))
    return ends
