"""Actors: who fills, writes and compacts, step by step, so that others may come between."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import asyncpg

from fraiseql.caching.advisory_locks import BUILDING, FILLING
from fraiseql.caching.changes import compaction
from fraiseql.caching.changes.log import trigger_object
from tests.integration.caching.results.oracle.cases import Case, Question
from tests.integration.caching.results.oracle.env import Env, Filling
from tests.integration.caching.results.oracle.reader import Looker, judged, looker

Step = Callable[[], Awaitable[object]]
Named = tuple[str, Step]

TABLES = """
CREATE SCHEMA app;
CREATE TABLE app.lists (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.items (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  list int REFERENCES app.lists ON DELETE CASCADE, v int NOT NULL);
CREATE INDEX ON app.items (list);
CREATE VIEW app.v_item AS SELECT i.list, i.v FROM app.items i;
CREATE VIEW app.v_list AS SELECT l.id, l.name,
  (SELECT coalesce(jsonb_agg(i.v ORDER BY i.v), '[]')
   FROM app.v_item i WHERE i.list = l.id) AS items
FROM app.lists l;
"""

LISTS = Case("lists", TABLES, ("lists", "items"), ())
EMPTY = 100_000
"""Added to a list's number: a list beside it, to move items to and from."""


def asked(number: int) -> Question:
    """What is in one list: null where there is none, with ``[]`` where it is empty."""
    text = f"SELECT coalesce((SELECT name || items FROM app.v_list WHERE id = {number}), 'null')"
    return Question(text, ('"app"."v_list"',))


def rows(number: int) -> str:
    """Two lists for one order: one with an item, and an empty one."""
    return (
        f"INSERT INTO app.lists VALUES ({number}, 'a'), ({number + EMPTY}, 'b');"
        f"INSERT INTO app.items (list, v) VALUES ({number}, 1)"
    )


WRITES = {
    "update": "UPDATE app.items SET v = v + 1 WHERE list = {n}",
    "insert": "INSERT INTO app.items (list, v) VALUES ({n}, 7)",
    "delete": "DELETE FROM app.items WHERE list = {n}",
    "move out": "UPDATE app.items SET list = {m} WHERE list = {n}",
    "rename": "UPDATE app.lists SET name = name || '.' WHERE id = {n}",
    "cascade": "DELETE FROM app.lists WHERE id = {n}",
    "into the empty": "INSERT INTO app.items (list, v) VALUES ({m}, 9)",
    "undone in part": (
        "UPDATE app.lists SET name = name || '!' WHERE id = {n};"
        " SAVEPOINT s; UPDATE app.items SET v = 50 WHERE list = {n}; ROLLBACK TO s"
    ),
    "early number": "SELECT pg_current_xact_id()",
}


@dataclass(slots=True)
class Stage:
    """Where orders are walked through; each on lists of its own.

    Attributes:
        one, two, three: Connections of those who write, compact or rotate.
        number: Of the order that is walked through.
    """

    env: Env
    looking: Looker
    first: asyncpg.Connection
    two: asyncpg.Connection
    three: asyncpg.Connection
    number: int = 0
    hits: int = 0

    @property
    def question(self) -> Question:
        return asked(self.number)

    async def walk(self, order: Callable[[], Sequence[Named]]) -> str:
        """Walk through one order on fresh lists; return what was wrong on the way, or after."""
        self.number += 1
        await self.first.execute(rows(self.number))
        steps = order()
        for place, (_, step) in enumerate(steps, 1):
            await step()
            if wrong := await self.look():
                return f"{', '.join(name for name, _ in steps[:place])}: {wrong}"
        if await self.env.fill(self.question) == "redefined":
            await self.env.fill(self.question)
        wrong = await self.look(hit=True)
        return wrong and f"{', '.join(name for name, _ in steps)}, at the end: {wrong}"

    async def look(self, *, hit: bool = False) -> str:
        """Compare a hit with the live answer; ``hit`` tells that it has to be one."""
        actual, live = await self.looking.look(self.question)
        self.hits += actual.reason == "hit"
        if hit and actual.reason != "hit":
            return f"no hit, but {actual.reason}"
        return judged(self.question, actual, live)

    async def wrong(self, *actors: Callable[[], Sequence[Named]], every: int = 1) -> list[str]:
        """Walk through every order of the actors' steps, or each nth; list what was wrong."""
        chosen = list(orders(*(len(actor()) for actor in actors)))[::every]
        actual = [await self.walk(partial(arranged, order, actors)) for order in chosen]
        return [wrong for wrong in actual if wrong]

    def filling(self, name: str = "F") -> list[Named]:
        """Look up, compute, put."""
        steps = Filling(self.env, self.question)
        return [
            (f"{name} looks", steps.look),
            (f"{name} computes", steps.compute),
            (f"{name} puts", steps.put),
        ]

    def writing(self, write: str, end: str = "COMMIT") -> list[Named]:
        """Write, and end the transaction."""
        text = f"BEGIN; {self.text(write)}"
        return [
            (f"W writes ({write})", partial(self.first.execute, text)),
            (f"W ends ({end})", partial(self.first.execute, end)),
        ]

    def writing_late(self, write: str) -> list[Named]:
        """Take a transaction's number first, write, and commit."""
        begin = "BEGIN; SELECT pg_current_xact_id()"
        return [
            ("L begins", partial(self.two.execute, begin)),
            (f"L writes ({write})", partial(self.two.execute, self.text(write))),
            ("L commits", partial(self.two.execute, "COMMIT")),
        ]

    def compacting(self) -> list[Named]:
        """Delete from the log, and commit."""
        locked = [f"SELECT pg_advisory_xact_lock({lock})" for lock in (BUILDING, FILLING)]
        deleted = [
            text
            for rows in (compaction._SEEN, compaction._MERGED)
            for text in compaction._statements(rows, 0.0, floor=True)
        ]
        return [
            ("C deletes", partial(self.three.execute, "; ".join(("BEGIN", *locked, *deleted)))),
            ("C commits", partial(self.three.execute, "COMMIT")),
        ]

    async def log_writes_of_more(self) -> None:
        for statement in trigger_object("app.more", "SELECT").create:
            await self.two.execute(statement)

    def text(self, write: str) -> str:
        return WRITES[write].format(n=self.number, m=self.number + EMPTY)


def orders(*lengths: int) -> Iterator[list[int]]:
    """Give every way to take turns: each actor by its number, as often as it has steps."""
    if not any(lengths):
        yield []
    for actor, left in enumerate(lengths):
        if left:
            rest = (*lengths[:actor], left - 1, *lengths[actor + 1 :])
            yield from ([actor, *order] for order in orders(*rest))


def arranged(order: Sequence[int], actors: Sequence[Callable[[], Sequence[Named]]]) -> list[Named]:
    """Give the steps of actors in an order."""
    steps = [iter(actor()) for actor in actors]
    return [next(steps[actor]) for actor in order]


@asynccontextmanager
async def on_stage(env: Env) -> AsyncIterator[Stage]:
    sessions = [await asyncpg.connect(env.url) for _ in range(3)]
    try:
        async with looker(env) as looking:
            yield Stage(env, looking, *sessions)
    finally:
        for connection in sessions:
            # Not in good order: what a failed test left open must not keep it waiting.
            connection.terminate()


async def moved(stage: Stage, snapshot: str = "r.snap", home: str = "'{name}'::regclass") -> None:
    """Write the entry again as a dump would bring it: with another snapshot, or another home."""
    kind = stage.env.kind
    for number in range(4):
        name = f"fraiseql.results_{kind[0]}{number}"
        await stage.first.execute(
            f"WITH gone AS (DELETE FROM {name} r RETURNING r.*) INSERT INTO {name}"
            f" SELECT r.key, r.upto, {snapshot}, r.tags, r.shape, r.expires, r.made, r.cost,"
            f" r.query, {home.format(name=name)}, r.etag, r.body FROM gone r"
        )
