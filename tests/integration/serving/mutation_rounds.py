"""Rounds of random generated mutations, each compared with a model in every read."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any, Final

from fraiseql.schema.storage import GeneratedColumn
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import served_with_caches
from tests.integration.serving.served import Served
from tests.integration.serving.test_writes_everywhere import STRATEGIES, TABLES, declared

LEAST: Final = 6
"""Mutations of each writer, however slow the machine is."""

FIRST: Final = 1_000_001
"""Key of the first writer's shelf, which no generated key reaches."""

MOST: Final = 30
"""Volumes of a shelf; documents have at most 50."""


@dataclass
class Seen:
    """What a round has done.

    Attributes:
        mutations: Mutations by name.
        comparisons: Answers that were compared with the model.
        wrong: Answers that differ, with what was expected.
    """

    mutations: Counter[str] = field(default_factory=Counter)
    comparisons: int = 0
    wrong: list[str] = field(default_factory=list)


class Writer:
    """Writes one shelf, which no other writer touches, and knows what it must contain.

    Args:
        served: The processes that answer; the first one writes.
        number: Key of the shelf.
        embeds: Whether documents of shelves have their volumes.
        rule: Chooses.
        seen: Collects what was done.
    """

    def __init__(
        self, served: list[Served], number: int, *, embeds: bool, rule: random.Random, seen: Seen
    ) -> None:
        self.served, self.number, self.rule, self.seen = served, number, rule, seen
        self.embeds = embeds
        self.shape = "{ id name volumes { id title } }" if embeds else "{ id name }"
        self.name = f"shelf {number}"
        self.volumes: dict[int, str] = {}

    @property
    def expected(self) -> dict[str, Any]:
        """The document of the shelf."""
        row: dict[str, Any] = {"id": self.number, "name": self.name}
        if self.embeds:
            listed = sorted(self.volumes.items())
            row["volumes"] = [{"id": number, "title": title} for number, title in listed]
        return row

    async def begin(self) -> None:
        """Read the volumes that exist."""
        query = f"{{ volumes(where: {{shelfId: {{eq: {self.number}}}}}) {{ id title }} }}"
        answer = await self._ask(self.served[0], query)
        self.volumes = {row["id"]: row["title"] for row in answer["data"]["volumes"]}

    async def step(self) -> None:
        """Write once, and compare the answer and all reads with the model."""
        choices: list[Callable[[], Awaitable[None]]] = [
            self.rename, self.rename_many, self.upsert, self.add, self.add_many,
            self.retitle, self.remove, self.refused, self.come_and_go,
        ]  # fmt: skip
        chosen = self.remove_all if len(self.volumes) > MOST else self.rule.choice(choices)
        self.seen.mutations[chosen.__name__] += 1
        await chosen()
        query = f"""{{ a: shelves(where: {{id: {{eq: {self.number}}}}}) {self.shape}
          b: cachedOne(id: {self.number}) {self.shape} }}"""
        for each in self.served:
            data = (await self._ask(each, query))["data"]
            self.compare("read", data["a"], [self.expected])
            self.compare("cached read", data["b"], self.expected)

    def compare(self, place: str, answer: Any, expected: Any) -> None:
        """Note an answer that differs."""
        self.seen.comparisons += 1
        if answer != expected:
            self.seen.wrong.append(f"shelf {self.number}, {place}: {answer} is not {expected}")

    async def _ask(self, served: Served, query: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await served.respond(query))
        return answer

    async def _write(self, mutation: str, shape: str) -> Any:
        answer = await self._ask(self.served[0], f"mutation {{ v: {mutation} {shape} }}")
        if "errors" in answer:
            self.seen.wrong.append(f"shelf {self.number}, {mutation}: {answer['errors']}")
            return None
        return answer["data"]["v"]

    def _text(self) -> str:
        return f"{self.number} {self.rule.randrange(10**9)}"

    async def rename(self) -> None:
        name = self._text()
        answer = await self._write(
            f'updateShelf(id: {self.number}, set: {{name: "{name}"}})', self.shape
        )
        self.name = name
        self.compare("updateShelf", answer, self.expected)

    async def rename_many(self) -> None:
        name = self._text()
        where = f"where: {{id: {{in: [{self.number}]}}}}"
        answer = await self._write(f'updateManyShelf({where}, set: {{name: "{name}"}})', self.shape)
        self.name = name
        self.compare("updateManyShelf", answer, [self.expected])

    async def upsert(self) -> None:
        answer = await self._write(
            f'upsertShelf(input: {{name: "{self.name}"}}, on: NAME)', self.shape
        )
        self.compare("upsertShelf", answer, self.expected)

    async def add(self) -> None:
        title = self._text()
        answer = await self._write(
            f'createVolume(input: {{shelfId: {self.number}, title: "{title}"}})', "{ id title }"
        )
        self.volumes[answer["id"]] = title

    async def add_many(self) -> None:
        titles = [self._text() for _ in range(3)]
        rows = ", ".join(f'{{shelfId: {self.number}, title: "{title}"}}' for title in titles)
        answer = await self._write(f"createManyVolume(input: [{rows}])", "{ id title }")
        self.volumes |= {row["id"]: row["title"] for row in answer}
        self.compare("createManyVolume", [row["title"] for row in answer], titles)

    async def retitle(self) -> None:
        title = self._text()
        where = f"where: {{shelfId: {{eq: {self.number}}}}}"
        answer = await self._write(
            f'updateManyVolume({where}, set: {{title: "{title}"}})', "{ id title }"
        )
        self.volumes = dict.fromkeys(self.volumes, title)
        self.compare("updateManyVolume", {row["id"] for row in answer}, self.volumes.keys())

    async def remove(self) -> None:
        if self.volumes:
            number = self.rule.choice([*self.volumes])
            answer = await self._write(f"deleteVolume(id: {number})", "{ id title }")
            self.compare("deleteVolume", answer["title"], self.volumes.pop(number))

    async def remove_all(self) -> None:
        where = f"where: {{shelfId: {{eq: {self.number}}}}}"
        answer = await self._write(f"deleteManyVolume({where})", "{ id }")
        self.compare("deleteManyVolume", {row["id"] for row in answer}, self.volumes.keys())
        self.volumes = {}

    async def refused(self) -> None:
        """The name that is always taken; nothing is written."""
        query = f'mutation {{ updateShelf(id: {self.number}, set: {{name: "taken"}}) {{ id }} }}'
        answer = await self._ask(self.served[0], query)
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        self.compare("a taken name", codes, ["UNIQUE_VIOLATION"])

    async def come_and_go(self) -> None:
        name = self._text()
        answer = await self._write(f'createShelf(input: {{name: "{name}"}})', self.shape)
        expected = {"id": answer["id"], "name": name} | ({"volumes": []} if self.embeds else {})
        self.compare("createShelf", answer, expected)
        answer = await self._write(f"deleteShelf(id: {answer['id']})", self.shape)
        self.compare("deleteShelf", answer, expected)


def mutation_round(url: str, strategy: str, seed: int, seconds: float, *, writers: int = 4) -> Seen:
    """Write for some seconds to an application with one strategy, in a fresh database schema."""
    names = ", ".join(f"({number}, 'shelf {number}')" for number in range(FIRST, FIRST + writers))
    start = (
        f"INSERT INTO shelf (id, name) VALUES {names}; INSERT INTO shelf (name) VALUES ('taken')"
    )
    at_once(run_sql(url, TABLES, start))
    stored, seen = STRATEGIES[strategy], Seen()
    options = declared(stored)
    with served_with_caches(url, **options) as first:
        other = Served(url, worker=False, **options)
        other.loop.close()
        other.loop = first.loop
        first.run(other.service.start())
        try:
            listed = [
                Writer(
                    [first, other],
                    FIRST + number,
                    embeds=not isinstance(stored, GeneratedColumn),
                    rule=random.Random(f"{seed} {number}"),
                    seen=seen,
                )
                for number in range(writers)
            ]
            first.run(_all(listed, seconds))
        finally:
            first.run(other.service.stop())
    return seen


async def _all(writers: list[Writer], seconds: float) -> None:
    end = monotonic() + seconds

    async def work(writer: Writer) -> None:
        await writer.begin()
        for number in count():
            if writer.seen.wrong or (number >= LEAST and monotonic() >= end):
                break
            await writer.step()

    await asyncio.gather(*[work(writer) for writer in writers])
