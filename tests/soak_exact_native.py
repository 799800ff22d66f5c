"""Reader of the soak that asks a native server over HTTP, and judges each answer."""

import asyncio
import json
import os
import random
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from typing import Any

from fraiseql.cli.listen import bind_near, port_of
from tests.ports import FIRST_PORT
from tests.soak_exact_board import Board
from tests.soak_exact_mischief import KEYS, SLOW
from tests.soak_exact_reader import ALL, FIVE, LONG, ONE, PHASE, SILENCE, WAITERS, Comparing

HOST = "127.0.0.1"
PATIENCE = 60.0


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
        self._requests = [self._drawn() for _ in range(4_001)]
        self.errors = 0

    def _drawn(self) -> bytes:
        text = self._rule.choices((ONE, FIVE, LONG, ALL), (20, 10, 1, 1))[0]
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
        while time.monotonic() < end and not self.judge.wrong:
            before = self.judge.bounds()
            writer.write(self._rule.choice(self._requests))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            native = b'road;desc="native"' in head
            self._judge(json.loads(body), before, "native" if native else "handed over")
        writer.close()

    def _judge(self, answer: dict[str, Any], before: Any, how: str) -> None:
        if answer.get("errors"):
            self.errors += 1
            return
        for value in answer["data"].values():
            self.judge.judge(json.dumps(value).encode(), how, before, with_role=False)
