"""Malformed requests: both servers give the same responses on a connection, and go on."""

import asyncio
import json
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fraiseql.cli.listen import bind_near, port_of
from tests.integration.cli.conftest import API
from tests.integration.cli.program import HOST, Running, running
from tests.integration.flights import at_once, run_sql
from tests.ports import FIRST_PORT

CONNECTIONS = 200
AT_ONCE = 40
PATIENCE = 60.0
SETTINGS = {"HEADER_TIMEOUT": 1, "REQUEST_TIMEOUT": 1, "GRAPHIQL": "off"}
NATIVE = b'road;desc="native"'
FRAGMENTS = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b"#", b"\xc3\xa9", b"\r\n\r\n"),
    *(b"content-length: 5\r\n", b"Content-Length:0\r\n", b"content-length: +5\r\n"),
    *(b"content-length : 5\r\n", b"content-length: 99999999999999999999\r\n"),
    *(b"transfer-encoding: chunked\r\n", b"connection: close\r\n", b"expect: 100-continue\r\n"),
    *(b"x-folded: a\r\n b\r\n", b"HTTP/1.0", b"HTTP/1.1", b"?query=%7Ba%7D", b"GET ", b"POST "),
    *(b"/graphql", b"0\r\n\r\n", b'{"query":', b"}", b'"'),
)
_FREE = re.compile(rb"(?im)^(date|server-timing): [^\r]*\r\n")
_ID = re.compile(rb'"id":"\w{8}"')


def post(number: int, head: str = "") -> bytes:
    query = "query ($id: Int!) { user(id: $id) { firstName } }"
    body = json.dumps({"query": query, "variables": {"id": number}})
    return (
        f"POST /graphql HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n{head}"
        f"content-length: {len(body)}\r\n\r\n{body}"
    ).encode()


def malformed(chosen: random.Random) -> bytes:
    """Change a request that is sound."""
    text = post(chosen.randrange(1, 4))
    for _ in range(chosen.randrange(1, 4)):
        at = chosen.randrange(len(text))
        to = min(at + chosen.randrange(12), len(text))
        text = chosen.choice(
            (
                text[:at] + bytes([chosen.randrange(256)]) + text[at + 1 :],
                text[:at] + text[to:],
                text[:to] + text[at:],
                text[:at] + chosen.choice(FRAGMENTS) + text[at:],
                text[:at] + chosen.choice(FRAGMENTS) + text[to:],
            )
        )
    return text


def responses(text: bytes) -> list[bytes]:
    """Split and blank what may differ."""
    parts = re.split(rb"(?=HTTP/1\.1 \d{3} )", _ID.sub(b"", _FREE.sub(b"", text)))
    return [part for part in parts if part]


class Side:
    """One of both servers."""

    def __init__(self, program: Running, port: int) -> None:
        self.program, self.port = program, port
        self.native = 0

    async def send(self, known: int, rest: bytes) -> list[bytes]:
        """Send sound requests one after the other, then the rest at once; return all responses."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        text = b""
        try:
            for number in range(1, known + 1):
                writer.write(post(number))
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                text += head + await reader.readexactly(length)
            writer.write(rest)
            async with asyncio.timeout(PATIENCE):
                while piece := await reader.read(65_536):
                    text += piece
        except ConnectionResetError:
            pass  # After an error response, with bytes that nobody reads.
        finally:
            writer.transport.abort()
        self.native += text.count(NATIVE)
        return responses(text)


async def compare(sides: Sequence[Side], seed: int) -> list[str]:
    """Send the same bytes to both; return the differences."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> str:
        chosen = random.Random(f"{seed} {number}")
        known = chosen.randrange(3)
        rest = malformed(chosen) + post(3, "connection: close\r\n")
        async with gate:
            native, python = await asyncio.gather(*(side.send(known, rest) for side in sides))
        # Python drops the answers of requests that a malformed one follows in the same packet.
        same = native[len(native) - len(python) :] == python
        return "" if same else f"{rest!r}\nnative: {native}\nPython: {python}"

    answers = await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))
    return [answer for answer in answers if answer]


async def warm(side: Side) -> None:
    """Ask until a plan has been handed over; each connection then begins natively."""
    for _ in range(100):
        await side.send(1, post(2, "connection: close\r\n"))


def make_tables(url: str) -> None:
    at_once(
        run_sql(
            url,
            "CREATE TABLE tb_user (id int PRIMARY KEY, first_name text NOT NULL)",
            "INSERT INTO tb_user VALUES (1, 'Ada'), (2, 'Alan'), (3, 'Grace')",
        )
    )


@contextmanager
def serving(url: str, folder: Path, words: str, port: int) -> Iterator[Side]:
    """Serve with one of both servers."""
    (folder / "api.py").write_text(API)
    with bind_near(HOST, port) as bound:
        port = port_of(bound)
    command = ("serve", "api:app", words, "--port", str(port))
    with running(*command, cwd=folder, url=url, settings=SETTINGS) as program:
        program.answer(port, "{ greeting }")
        side = Side(program, port)
        asyncio.run(warm(side))
        side.native = 0
        yield side


def test_both_servers_read_malformed_requests_alike(database: str, tmp_path: Path) -> None:
    make_tables(database)
    (tmp_path / "other").mkdir()
    with (
        serving(database, tmp_path, "--native", FIRST_PORT + 800) as native,
        serving(database, tmp_path / "other", "--no-native", FIRST_PORT + 810) as python,
    ):
        assert asyncio.run(compare((native, python), 7)) == []
        assert native.native > CONNECTIONS / 2
        for side in (native, python):
            side.program.answer(side.port, "{ greeting }")
            assert "Traceback" not in side.program.text()
            assert side.program.stop() == 0
