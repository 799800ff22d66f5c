"""Clients of hostile traffic: honest, attacking, aborting and slow ones."""

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from tests.failure.traffic.application import TENANTS
from tests.integration.serving.hostile import documents, texts, variables

HOST = "127.0.0.1"
PATIENCE = 60.0
CHUNK = 65_536
NOTES = ("{ notes { tenant body } }", "{ cachedNotes { tenant body } }")
LARGE = "{ large { id body } }"
OF_TENANT = "query ($t: String!) { notes(where: { tenant: { eq: $t } }) { tenant body } }"
NATIVE = b'road;desc="native"'


@dataclass
class Seen:
    """Results of clients.

    Attributes:
        answers: Statuses by kind of client.
        wrong: Forbidden results: a status, a code, or a row of another tenant.
    """

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def request(body: bytes, tenant: str, end: str = "connection: close\r\n") -> bytes:
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: x\r\nx-tenant: {tenant}\r\n"
        "content-type: application/json\r\naccept: application/graphql-response+json\r\n"
        f"{end}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextlib.asynccontextmanager
async def opened(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that is reset at the end, whatever is in it."""
    reader, writer = await asyncio.open_connection(HOST, port, limit=CHUNK)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def exchange(port: int, sent: bytes) -> tuple[int, bytes]:
    """Send a request on a connection of its own; return status and body.

    Raises:
        OSError: The connection was refused or reset.
        TimeoutError: There was no whole answer.
    """
    async with asyncio.timeout(PATIENCE), opened(port) as (reader, writer):
        # An early refusal is answered before all of the request was sent.
        with contextlib.suppress(ConnectionError):
            writer.write(sent)
            await writer.drain()
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    return (int(head.split(b" ", 2)[1]) if head else 0), body


class Clients:
    """The clients of a storm, which run until they are cancelled.

    Args:
        port: Port of the application.
        seed: Seed of the requests.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._port, self._chosen = port, random.Random(seed)
        self._bodies = [
            json.dumps({"query": item.query, "variables": item.variables}).encode()
            for item in (*documents(), *variables())
        ]
        self._bodies += [text.encode() for _, text in texts()]
        self.seen = Seen()

    async def honest(self) -> None:
        """Query notes of random tenants, and check that none of another is returned."""
        while True:
            tenant = f"t{self._chosen.randrange(TENANTS)}"
            query = self._chosen.choice(NOTES)
            answer = await self._ask("honest", json.dumps({"query": query}).encode(), tenant)
            rows = ((answer or {}).get("data") or {}).values()
            others = [
                row
                for rows_of_field in rows
                for row in rows_of_field or ()
                if row["tenant"] != tenant
            ]
            if others:
                self.seen.wrong.append(f"{query} of {tenant}: {others[0]}")
            await asyncio.sleep(0.01)

    async def steady(self) -> None:
        """Ask on connections that stay open, and check that each answer is to its request."""
        lost = (OSError, TimeoutError, asyncio.IncompleteReadError)
        while True:
            with contextlib.suppress(*lost):
                async with opened(self._port) as (reader, writer), asyncio.timeout(PATIENCE):
                    for _ in range(200):
                        await self._ask_steadily(reader, writer)
            self.seen.answers["steady connections"] += 1
            await asyncio.sleep(0.01)

    async def until_native(self) -> None:
        """Ask until the native server answers: it goes on after all faults."""
        before = self.seen.answers["steady native"]
        async with asyncio.timeout(PATIENCE), opened(self._port) as (reader, writer):
            while self.seen.answers["steady native"] == before:
                await self._ask_steadily(reader, writer)

    async def _ask_steadily(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        tenant = f"t{self._chosen.randrange(TENANTS)}"
        of_tenant = {"query": OF_TENANT, "variables": {"t": tenant}}
        asked = self._chosen.choice((of_tenant, {"query": NOTES[1]}))
        body = json.dumps(asked).encode()
        writer.write(request(body, tenant, ""))
        head = await reader.readuntil(b"\r\n\r\n")
        _, _, length = head.lower().partition(b"content-length: ")
        text = await reader.readexactly(int(length.split(b"\r\n")[0]))
        self.seen.answers["steady native"] += NATIVE in head
        answer = self._judged("steady", body, int(head.split(b" ", 2)[1]), text) or {}
        rows = next(iter((answer.get("data") or {}).values()), None)
        if rows is None:
            return
        tenants = {row["tenant"] for row in rows}
        if len(tenants) != (1 if asked is of_tenant else TENANTS) or tenant not in tenants:
            self.seen.wrong.append(f"{body!r} gave notes of {tenants}")

    async def attacker(self) -> None:
        """Send documents and variables that aim to block a process."""
        while True:
            await self._ask("attacker", self._chosen.choice(self._bodies), "t0")

    async def varying(self) -> None:
        """Send documents and variables of which no two have the same structure."""
        while True:
            aliases = " ".join(f"a{self._chosen.randrange(10**9)}: id" for _ in range(20))
            order = [{name: "ASC"} for name in self._chosen.sample(("id", "title", "pages"), 3)]
            where = {"or": [{"id": {"gt": 1}}] * self._chosen.randrange(1, 60)}
            query = "query ($w: BookWhere, $o: [BookOrderBy!]) "
            query += f"{{ books(where: $w, orderBy: $o) {{ {aliases} }} }}"
            body = {"query": query, "variables": {"w": where, "o": order}}
            await self._ask("varying", json.dumps(body).encode(), "t1")

    async def aborting(self) -> None:
        """Go away in the middle of a request or of its answer."""
        while True:
            sent = request(
                json.dumps({"query": self._chosen.choice((*NOTES, LARGE))}).encode(), "t2"
            )
            with contextlib.suppress(OSError, TimeoutError):
                async with opened(self._port) as (reader, writer), asyncio.timeout(1):
                    writer.write(sent[: self._chosen.choice((20, len(sent) - 5, len(sent)))])
                    self.seen.answers["aborted"] += 1
                    await asyncio.sleep(self._chosen.random() / 20)
                    if self._chosen.random() < 0.5:
                        await reader.read(100)

    async def slow(self) -> None:
        """Request a large response, and do not read for some seconds."""
        while True:
            with contextlib.suppress(OSError):
                async with opened(self._port) as (_, writer):
                    writer.write(request(json.dumps({"query": LARGE}).encode(), "t3"))
                    await asyncio.sleep(5)
                    self.seen.answers["not read"] += 1

    async def _ask(self, kind: str, body: bytes, tenant: str) -> dict[str, Any] | None:
        try:
            status, text = await exchange(self._port, request(body, tenant))
        except (OSError, TimeoutError) as problem:
            self.seen.answers[f"{kind} {type(problem).__name__}"] += 1
            return None
        self.seen.answers[f"{kind} {status}"] += 1
        if status == 0:
            return None
        return self._judged(kind, body, status, text)

    def _judged(self, kind: str, body: bytes, status: int, text: bytes) -> dict[str, Any] | None:
        """Record forbidden results; 503 is correct during an outage."""
        if (status >= 500 and status != 503) or b"INTERNAL_ERROR" in text:
            self.seen.wrong.append(f"{kind} {status}: {body[:200]!r} gave {text[:300]!r}")
        try:
            return json.loads(text)
        except ValueError:
            self.seen.wrong.append(f"{kind} {status}: not JSON: {text[:300]!r}")
            return None
