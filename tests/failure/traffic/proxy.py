"""Proxy between an application and PostgreSQL that splits, delays, cuts and resets."""

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

CHUNK = 65_536


class Proxy:
    """Forwards connections and injects faults into some chunks.

    Args:
        url: Address of the database.
        chosen: Source of randomness.
        share: Share of chunks with a fault, from 0 to 1.

    Attributes:
        url: Address of the database through the proxy.
        share: May be changed at any time.
        faults: Number of faults by kind.
    """

    def __init__(self, url: str, chosen: random.Random, share: float) -> None:
        self._options = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self._chosen, self.share = chosen, share
        self._ends = set[asyncio.StreamWriter]()
        self._links = set[asyncio.Task[None]]()
        self.url, self.faults = url, Counter[str]()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Proxy"]:
        """Listen on a socket of the file system, as the servers of the tests do."""
        host = self._options["host"]
        # Paths of sockets must be short.
        with tempfile.TemporaryDirectory(prefix="fql-") as folder:
            server = await asyncio.start_unix_server(self._pass_on, Path(folder, self._name()))
            before, _, _ = self.url.partition("?")
            self.url = f"{before}?{urlencode({**self._options, 'host': folder})}"
            self._upstream = Path(host, self._name())
            try:
                yield self
            finally:
                server.close()
                for end in self._ends:
                    end.transport.abort()
                await asyncio.gather(*self._links)

    def _name(self) -> str:
        return f".s.PGSQL.{self._options['port']}"

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        try:
            server_reader, back = await asyncio.open_unix_connection(self._upstream)
        except OSError:
            # PostgreSQL is away: the application finds its connection closed.
            writer.transport.abort()
            return
        ends = {writer, back}
        self._ends |= ends
        try:
            await asyncio.gather(self._one_way(reader, back), self._one_way(server_reader, writer))
        finally:
            self._ends -= ends

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward until one side or a fault ends it, and end the other way."""
        try:
            while chunk := await reader.read(CHUNK):
                rest: bytes | None = chunk
                if self._chosen.random() < self.share:
                    rest = await self._fault(chunk, writer)
                if rest is None:
                    break
                writer.write(rest)
                await writer.drain()
        except OSError:
            pass  # One side is gone; the end is forwarded.
        finally:
            writer.transport.abort()

    async def _fault(self, chunk: bytes, writer: asyncio.StreamWriter) -> bytes | None:
        """Inject a fault; return the rest to forward, None to end the connection."""
        kind = self._chosen.choice(("delay", "delay", "split", "split", "truncate", "reset"))
        self.faults[kind] += 1
        if kind == "reset":
            return None
        if kind == "delay":
            await asyncio.sleep(self._chosen.random() / 5)
            return chunk
        half = len(chunk) // 2
        writer.write(chunk[:half])
        await writer.drain()
        await asyncio.sleep(0.01)
        return None if kind == "truncate" else chunk[half:]
