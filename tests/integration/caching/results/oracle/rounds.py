"""Rounds: writers, fillers, readers, compaction and rotation at once, and the end of it all."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.caching.projection.writers import Chance
from tests.integration.caching.results.oracle.env import Env
from tests.integration.caching.results.oracle.reader import is_of_a_group, judged, looker
from tests.integration.caching.results.oracle.writer import write, write_with_psql

PATIENCE = 90.0
"""Seconds until a round on a slow machine gives up to wait for hits."""


@dataclass(slots=True)
class Seen:
    """What was met, and what was wrong.

    Attributes:
        outcomes: Of readers' look-ups, by reason.
        background: Of fillers, by outcome.
        wrong: What was kept and what is right, for each wrong hit.
        grouped: Hits in Redis that were validated in a group.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    background: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    committed: int = 0
    scripts: int = 0
    grouped: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """How long, and how many of whom; ``hits`` are waited for beyond the time."""

    seed: int
    seconds: float
    hits: int
    writers: int = 3
    fillers: int = 3
    readers: int = 2


class Running:
    """One round on a ground."""

    def __init__(self, env: Env, chosen: Round, psql: Path) -> None:
        self.env = env
        self.chosen = chosen
        self.seen = Seen()
        self._psql = psql
        self._end = time.monotonic() + chosen.seconds
        self._last = time.monotonic() + PATIENCE

    def done(self) -> bool:
        now, seen = time.monotonic(), self.seen
        enough = now > self._end and seen.outcomes["hit"] >= self.chosen.hits and seen.scripts > 0
        return bool(seen.wrong) or enough or now > self._last

    async def run(self) -> Seen:
        chosen = self.chosen
        rules = [random.Random(chosen.seed * 100 + number) for number in range(50)]
        work: list[Coroutine[Any, Any, None]] = [
            *(self._write(chosen.seed * 100 + number) for number in range(chosen.writers)),
            *(self._fill(rules.pop()) for _ in range(chosen.fillers)),
            *(self._read(rules.pop()) for _ in range(chosen.readers)),
            self._write_with_psql(chosen.seed),
            self._compact(),
        ]
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
        if not self.seen.wrong:
            await self._settle()
        return self.seen

    async def _write(self, seed: int) -> None:
        self.seen.committed += await write(self.env.url, self.env.case, seed, self.done)

    async def _write_with_psql(self, seed: int) -> None:
        c = Chance(seed)
        while not self.done():
            await write_with_psql(self._psql, self.env.url, self.env.case, c)
            self.seen.scripts += 1
            await asyncio.sleep(c.random.uniform(0, 0.3))

    async def _compact(self) -> None:
        while not self.done():
            await self.env.compact()
            await asyncio.sleep(0.01)

    async def _read(self, rule: random.Random) -> None:
        async with looker(self.env) as looking:
            while not self.done():
                question = rule.choice(self.env.case.questions)
                hit, live = await looking.look(question)
                self.seen.outcomes[hit.reason] += 1
                self.seen.grouped += is_of_a_group(hit)
                if wrong := judged(question, hit, live):
                    self.seen.wrong.append(wrong)

    async def _fill(self, rule: random.Random) -> None:
        while not self.done():
            question = rule.choice(self.env.case.questions)
            self.seen.background[await self.env.fill(question, lambda: short_pause(rule))] += 1
            await asyncio.sleep(0)

    async def _settle(self) -> None:
        """All is still: each key is hit or not, equals the live answer, and can be hit again."""
        async with looker(self.env) as looking:
            for question in self.env.case.questions:
                for _ in range(2):
                    hit, live = await looking.look(question)
                    self.seen.wrong += filter(None, [judged(question, hit, live)])
                    await self.env.fill(question)
                if (await looking.look(question))[0].reason != "hit":
                    self.seen.wrong.append(f"never hit again: {question.text}")


async def short_pause(rule: random.Random) -> None:
    """Between two steps of a filler: nothing, or a little, or as long as a burst of writes."""
    if rule.random() < 0.2:
        await asyncio.sleep(rule.choice((0.002, 0.01, 0.05, 0.2)))
