"""Reader of the soak that asks a native server over HTTP, and judges each answer."""

import asyncio
import json
import os
import random
import sys
import time
from asyncio.subprocess import DEVNULL, Process

from fraiseql.cli.listen import bind_near, port_of
from tests.ports import FIRST_PORT
from tests.soak_exact_board import Board
from tests.soak_exact_mischief import KEYS, SLOW
from tests.soak_exact_reader import ALL, FIVE, LONG, ONE, PHASE, SILENCE, WAITERS, Bounds, Comparing

HOST = "127.0.0.1"
PATIENCE = 60.0
TOGETHER = (1, 8, 64)
"""Requests that are sent before the first of them is answered."""

CHUNK = 1 << 16
BEFORE_DATA = b'{"data":'
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "


class Answers:
    """Answers of one connection, in turn.

    Args:
        reader: The stream from the server.
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._bytes = b""
        self._place = 0

    async def next(self) -> tuple[bytes, bytes]:
        """Return the head in lower case, and the body."""
        while (end := self._bytes.find(END_OF_HEAD, self._place)) < 0:
            await self._more()
        head = self._bytes[self._place : end].lower()
        begin = head.index(LENGTH) + len(LENGTH)
        stop = head.find(b"\r", begin)
        length = int(head[begin:stop] if stop > 0 else head[begin:])
        self._place = end + len(END_OF_HEAD)
        while len(self._bytes) < self._place + length:
            await self._more()
        body = self._bytes[self._place : self._place + length]
        self._place += length
        return head, body

    async def _more(self) -> None:
        chunk = await self._reader.read(CHUNK)
        if not chunk:
            raise ConnectionResetError("The server closed the connection.")
        self._bytes = self._bytes[self._place :] + chunk
        self._place = 0


class NativeReader(Comparing):
    """Asks one native server, which it starts, without roles.

    Attributes:
        errors: Responses with errors.
    """

    def __init__(self, url: str, seed: int, board: Board, mutant: str) -> None:
        super().__init__(url, board)
        self._rule = random.Random(seed)
        self._environment = {**os.environ, "FRAISEQL_DATABASE_URL": url, "SOAK_MUTANT": mutant}
        with bind_near(HOST, FIRST_PORT + 600 + seed) as listening:
            self._port = port_of(listening)
        requests = [self._drawn() for _ in range(4_001)]
        sizes = [self._rule.choice(TOGETHER) for _ in range(503)]
        self._bursts = [(b"".join(self._rule.choices(requests, k=size)), size) for size in sizes]
        self.errors = 0

    def _drawn(self) -> bytes:
        # Slow answers, and those with ttl=, which Python gives, hold up those behind them.
        text = self._rule.choices((ONE, FIVE, LONG, ALL), (2_000, 1_000, 1, 1))[0]
        most = {ONE: KEYS, LONG: SLOW}.get(text)
        variables = {"x": self._rule.randint(1, most)} if most else None
        body = json.dumps({"query": text, "variables": variables}).encode()
        head = f"POST /graphql HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def read(self, seconds: float) -> None:
        """Ask until the time has passed, or an answer is wrong."""
        server = await self._serve()
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until and not self.judge.wrong:
                end, size = time.monotonic() + PHASE, self._rule.choice(WAITERS)
                await asyncio.gather(*(self._ask_until(end) for _ in range(size)))
                await self.compare()
                if self._rule.random() < 0.2:
                    await asyncio.sleep(SILENCE)
        finally:
            server.kill()
            await server.wait()

    async def _serve(self) -> Process:
        words = ["-m", "fraiseql.cli", "serve", "tests.soak_exact_app:app", "--native"]
        words += ["--port", str(self._port)]
        server = await asyncio.create_subprocess_exec(
            sys.executable, *words, env=self._environment, stdout=DEVNULL, stderr=DEVNULL
        )
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection(HOST, self._port)
                except OSError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    return server

    async def _ask_until(self, end: float) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        answers = Answers(reader)
        while time.monotonic() < end and not self.judge.wrong:
            before = self.judge.bounds()
            burst, size = self._rule.choice(self._bursts)
            writer.write(burst)
            for _ in range(size):
                self._judge(*await answers.next(), before)
        writer.close()

    def _judge(self, head: bytes, body: bytes, before: Bounds) -> None:
        if b'"errors"' in body:
            self.errors += 1
            return
        how = "native" if b'road;desc="native"' in head else "handed over"
        value = body.removeprefix(BEFORE_DATA).removesuffix(b"}")
        self.judge.judge(value, how, before, with_role=False)
