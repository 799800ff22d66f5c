"""Reader of the soak of hits from memory: asks in one process, and judges each answer.

An answer must have at least what was acknowledged before its request began, and no more than the
live answer a little later: then it was the live answer at some moment since.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import asyncpg

import fraiseql
from fraiseql.database import Identity
from fraiseql.events import Timings
from fraiseql.http.endpoint import Application
from fraiseql.results import FieldRequest
from fraiseql.serving import Request
from tests.soak_exact_board import Board
from tests.soak_exact_mischief import GONE, KEYS, ROLE, SLOW, connect, when_there

TOGETHER = 16
"""Waiters that confirm the values of a wide response."""

WAITERS = (1, 4, 16)
PHASE = 1.0
"""Seconds in which a number of waiters ask, until answers are compared with live ones."""

SILENCE = 0.5
"""Seconds without requests and checks, so that changes are compacted before the next check."""

PARSED = 20_000
"""Values whose rows are remembered."""

LIVE = "SELECT array_agg(n ORDER BY id) AS n, max(version) AS version FROM v_counter"
ONE = "query One($x: Int!) { one(id: $x) { id n version } }"
WIDE = f"{{ {' '.join(f'w{k}: one(id: {k}) {{ n id version }}' for k in range(1, KEYS + 1))} }}"
"""Confirmed without the response, as far as its values are in memory: most hits for the time."""

LONG = "query Slow($x: Int!) { slow(id: $x) { id n version } }"
ALL = "{ all { id n version } }"
FIVE = f"{{ {' '.join(f'k{k}: one(id: {k}) {{ version n id }}' for k in range(1, 6))} }}"
Row = tuple[int, int, int]
Bounds = tuple[int, int, int, list[int]]
"""Epoch, version, changes of the privilege, and counts."""


def app_of(url: str) -> Application:
    """Return the application of one process."""

    @fraiseql.type(sql_source="v_counter")
    class CounterRow:
        id: int
        n: int
        version: int

    @fraiseql.type(sql_source="v_slow")
    class SlowRow:
        id: int
        n: int
        version: int

    by_row = fraiseql.Cache(tags=("counter.id={id}",))
    queries = [
        fraiseql.find_one("one", CounterRow, by="id", cache=by_row),
        fraiseql.find_one("slow", SlowRow, by="id", cache=by_row),
        fraiseql.find("all", CounterRow, order_by="id", cache=fraiseql.Cache(ttl="20s")),
    ]
    return fraiseql.create_app(queries=queries, database_url=url, worker=False)


def service_of(url: str) -> Any:
    """Return the service of one process."""
    return app_of(url).service


class Judge:
    """Compares answers with what is on the board, and remembers the highest counts.

    Attributes:
        wrong: Descriptions of wrong answers.
        judged: Values by how they were answered.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._parsed: dict[bytes, tuple[Row, ...]] = {}
        self._highest = [0] * board.keys
        self.wrong: list[str] = []
        self.judged: Counter[str] = Counter()

    def bounds(self) -> Bounds:
        """Return epoch, version, changes of the privilege, and counts, before a request."""
        board = self._board
        return board.epoch, board.version, board.changes, board.counts()

    def judge(self, value: bytes, how: str, before: Bounds, *, with_role: bool) -> None:
        """Judge the value of a field, or a whole answer, which was returned now."""
        epoch, version, changes, counts = before
        board = self._board
        if epoch % 2 or board.epoch != epoch:
            self.judged["not judged: a server was lost"] += 1
            return
        revoked = with_role and changes % 2 == 1 and board.begun == changes
        for place, count, own_version in self._rows(value):
            if count < counts[place] or own_version < version or revoked:
                self.wrong.append(f"{how}: {value!r} after {before}, with role: {with_role}")
            self._highest[place] = max(self._highest[place], count)
        self.judged[how] += 1

    def compare(self, live: list[int]) -> None:
        """Compare the highest counts that were judged with the live ones of a later moment."""
        if any(high > count for high, count in zip(self._highest, live, strict=True)):
            self.wrong.append(f"{self._highest} before {live}")

    def _rows(self, value: bytes) -> tuple[Row, ...]:
        rows = self._parsed.get(value)
        if rows is None:
            if len(self._parsed) > PARSED:
                self._parsed.clear()
            rows = tuple(_rows_in(json.loads(value)))
            self._parsed[value] = rows
        return rows


def _rows_in(parsed: Any) -> Iterator[Row]:
    """Yield the rows of the value of a field, or of all fields of an answer."""
    if isinstance(parsed, list):
        for each in parsed:
            yield from _rows_in(each)
    elif "id" in parsed:
        yield parsed["id"] - 1, parsed["n"], parsed["version"]
    else:
        for each in parsed.values():
            yield from _rows_in(each)


class Comparing:
    """Compares judged answers with live ones.

    Attributes:
        judge: The judge of answers.
    """

    def __init__(self, url: str, board: Board) -> None:
        self._url = url
        self._board = board
        self._connection: asyncpg.Connection | None = None
        self.judge = Judge(board)

    async def compare(self) -> None:
        """Compare with the live answer, unless the server is being replaced."""
        epoch = self._board.epoch
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._url)
            row = await self._connection.fetchrow(LIVE, timeout=30)
        except GONE:
            self._connection = None
            return
        if epoch % 2 == 0 and epoch == self._board.epoch and row is not None:
            self.judge.compare(row["n"])


class Reader(Comparing):
    """One process that asks for hits, and judges them.

    Attributes:
        errors: Responses with errors.
    """

    def __init__(self, url: str, seed: int, board: Board) -> None:
        super().__init__(url, board)
        self._rule = random.Random(seed)
        self._service: Any = service_of(url)
        self._requests = self._drawn()
        self._next = 0
        self._filling: set[Identity] = set()
        self.errors = 0

    def _drawn(self) -> list[tuple[Request, bool]]:
        """Draw requests, each with or without a role; drawing costs more than a hit."""
        rule, drawn = self._rule, []
        for _ in range(4_001):
            text = rule.choices((ONE, FIVE, LONG, ALL), (20, 10, 4, 1))[0]
            most = {ONE: KEYS, LONG: SLOW}.get(text)
            variables = {"x": rule.randint(1, most)} if most else None
            drawn.append((Request(text, variables=variables), rule.random() < 0.2))
        return drawn

    async def read(self, seconds: float) -> None:
        """Ask until the time has passed, or an answer is wrong."""
        await when_there(self._service.start)
        until, said = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < until and not self.judge.wrong:
            end = time.monotonic() + PHASE
            size = self._rule.choice(WAITERS)
            together = [self._confirm_until(end) for _ in range(TOGETHER)]
            await asyncio.gather(*together, *(self._ask_until(end) for _ in range(size)))
            await self.compare()
            if self._rule.random() < 0.2:
                await asyncio.sleep(SILENCE)
            if time.monotonic() - said > 60:
                said = time.monotonic()
                print(json.dumps({"so far": self.judge.judged}), flush=True)
        await self._service.stop()

    async def _confirm_until(self, end: float) -> None:
        """Confirm the values of a wide response by one check after the other."""
        identities = (Identity.NONE, Identity.of(ROLE, {}))
        rights = self._service._rights({})
        serving, *_ = await self._service._prepare(Request(WIDE), Timings(), rights)
        assert serving.split is not None
        while time.monotonic() < end and not self.judge.wrong:
            identity = self._rule.choice(identities)
            before = self.judge.bounds()
            shared = FieldRequest({}, dict, identity, {})
            remembered = [unit.remembered(shared) for unit in serving.split.units(identity)]
            present = [value for value in remembered if value is not None]
            hits = await self._service.results.confirm(present) if present else None
            if not present:
                await asyncio.sleep(0)
            for hit in hits or ():
                with_role = identity is not Identity.NONE
                self.judge.judge(hit.value, "memory, together", before, with_role=with_role)
            if len(present) < KEYS and identity not in self._filling:
                # One waiter has the missing values computed; the others go on with the rest.
                self._filling.add(identity)
                await self._ask(Request(WIDE), with_role=identity is not Identity.NONE)
                self._filling.discard(identity)

    async def _ask_until(self, end: float) -> None:
        while time.monotonic() < end and not self.judge.wrong:
            self._next = (self._next + 1) % len(self._requests)
            request, with_role = self._requests[self._next]
            await self._ask(request, with_role=with_role)

    async def _ask(self, request: Request, *, with_role: bool) -> None:
        before = self.judge.bounds()
        context: dict[str, Any] = {"role": ROLE} if with_role else {}
        response = await self._service.execute(request, context, Timings())
        cached = response.cached
        if cached is not None and all(each.value for each in cached.answers.values()):
            for answer in cached.answers.values():
                how = answer.detail or answer.outcome
                self.judge.judge(answer.value or b"", how, before, with_role=with_role)
            return
        body = json.loads(bytes(response.body))
        if body.get("errors"):
            self.errors += 1
            return
        for value in body["data"].values():
            self.judge.judge(json.dumps(value).encode(), "computed", before, with_role=with_role)
