"""Writers: random transactions over the two schemas, with savepoints, rollbacks and retries."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import asyncpg

from tests.integration.caching.projection.schemas import Case

Statement = tuple[str, tuple[object, ...]]
_LOST = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_REFUSED = (asyncpg.IntegrityConstraintViolationError,)


class Chance:
    """Random keys out of small ranges, so that transactions meet often."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def key(self, most: int) -> int:
        return self.random.randint(1, most)

    def maybe(self, value: object) -> object:
        return None if self.random.random() < 0.15 else value

    def word(self) -> str:
        return f"w{self.random.randrange(10**6)}"

    def team(self) -> UUID:
        return UUID(int=self.key(8))

    def site(self) -> tuple[str, int]:
        return self.random.choice(["no", "se"]), self.key(3)


def blog(c: Chance) -> Statement:
    """One random statement on the blog's tables."""
    user, post, comment, word = c.key(8), c.key(30), c.key(90), c.word()
    choices: list[tuple[int, Statement]] = [
        (6, ("UPDATE app.users SET name = $2 WHERE id = $1", (user, word))),
        (2, ("UPDATE app.users SET secret = $2 WHERE id = $1", (user, word))),
        (3, ("INSERT INTO app.users VALUES ($1, $2) ON CONFLICT DO NOTHING", (user, word))),
        (1, ("DELETE FROM app.users WHERE id = $1", (user,))),
        (8, (("INSERT INTO app.posts (id, user_id, reviewer_id, title) VALUES ($1, $2, $3, $4) "
             "ON CONFLICT (id) DO UPDATE SET title = excluded.title, user_id = excluded.user_id"),
             (post, c.maybe(user), c.maybe(c.key(8)), word))),
        (6, ("UPDATE app.posts SET user_id = $2 WHERE id = $1", (post, c.maybe(user)))),
        (4, ("UPDATE app.posts SET reviewer_id = $2 WHERE id = $1", (post, c.maybe(user)))),
        (2, ("UPDATE app.posts SET title = $2 WHERE user_id = $1", (user, word))),
        (2, ("DELETE FROM app.posts WHERE id = $1", (post,))),
        (9, ("INSERT INTO app.comments VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
             (comment, c.maybe(post), c.maybe(user), word))),
        (5, ("UPDATE app.comments SET post_id = $2 WHERE id = $1", (comment, c.maybe(post)))),
        (3, ("UPDATE app.comments SET author_id = $2 WHERE id = $1", (comment, c.maybe(user)))),
        (4, ("DELETE FROM app.comments WHERE id = $1", (comment,))),
    ]  # fmt: skip
    return _drawn(c, choices)


def office(c: Chance) -> Statement:
    """One random statement on the office's tables."""
    team, other, person, word = c.team(), c.team(), c.key(24), c.word()
    country, code = c.site()
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
        (4, ("UPDATE app.people SET boss_id = $2 WHERE id = $1", (person, c.maybe(c.key(24))))),
        (4, ("UPDATE app.people SET name = $2 WHERE id = $1", (person, word))),
        (1, ("UPDATE app.people SET id = $2 WHERE id = $1", (person, c.key(24)))),
        (2, ("DELETE FROM app.people WHERE id = $1", (person,))),
        (9, (("INSERT INTO app.tasks VALUES ($1, $2, $3) ON CONFLICT (person_id, number) "
             "DO UPDATE SET what = excluded.what"), (person, c.key(3), word))),
        (3, ("DELETE FROM app.tasks WHERE person_id = $1 AND number = $2", (person, c.key(3)))),
        (2, ("UPDATE app.tasks SET person_id = $2 WHERE person_id = $1", (person, c.key(24)))),
    ]  # fmt: skip
    return _drawn(c, choices)


DRAWN: dict[str, Callable[[Chance], Statement]] = {"blog": blog, "office": office}


def _drawn(c: Chance, choices: list[tuple[int, Statement]]) -> Statement:
    weights = [weight for weight, _ in choices]
    return c.random.choices([statement for _, statement in choices], weights)[0]


async def one_transaction(connection: asyncpg.Connection, case: Case, c: Chance) -> str:
    """Run one random transaction; say how it ended."""
    draw = DRAWN[case.name]
    transaction = connection.transaction()
    await transaction.start()
    try:
        for _ in range(c.random.choice([1, 1, 2, 3, 4])):
            await _one_step(connection, draw, c)
        if c.random.random() < 0.02:
            await connection.execute("SET CONSTRAINTS fraiseql.flush IMMEDIATE")
        if c.random.random() < 0.003:
            await connection.execute(f"TRUNCATE app.{case.names[-1]}")
        if c.random.random() < 0.1:
            await transaction.rollback()
            return "rolled back"
        await transaction.commit()
    except _LOST as error:
        await _ended(connection, transaction)
        return type(error).__name__
    except _REFUSED:
        await _ended(connection, transaction)
        return "refused"
    return "committed"


async def _ended(connection: asyncpg.Connection, transaction: object) -> None:
    """A commit that fails has ended the transaction; another failure has not."""
    if connection.is_in_transaction():
        await transaction.rollback()  # type: ignore[attr-defined]


async def _one_step(
    connection: asyncpg.Connection, draw: Callable[[Chance], Statement], c: Chance
) -> None:
    """One statement in a savepoint, which is sometimes taken back."""
    savepoint = connection.transaction()
    await savepoint.start()
    try:
        text, arguments = draw(c)
        await connection.execute(text, *arguments)
        if c.random.random() < 0.1:
            await asyncio.sleep(0.002)
    except _REFUSED:
        await savepoint.rollback()
        return
    if c.random.random() < 0.15:
        await savepoint.rollback()
    else:
        await savepoint.commit()


async def storm(url: str, case: Case, *, writers: int, seconds: float, seed: int) -> Counter[str]:
    """Let writers run for a time; count how their transactions ended."""
    ends: Counter[str] = Counter()
    stop = time.monotonic() + seconds

    async def write(number: int) -> None:
        connection = await asyncpg.connect(url, server_settings={"deadlock_timeout": "50ms"})
        c = Chance(seed * 1000 + number)
        try:
            while time.monotonic() < stop:
                ends[await one_transaction(connection, case, c)] += 1
        finally:
            await connection.close()

    await asyncio.gather(*(write(number) for number in range(writers)))
    return ends
