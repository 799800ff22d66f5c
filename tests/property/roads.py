"""Both roads of the server, asked for the same: raw requests, and what must be equal."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote

from tests.integration.cli.program import HOST, running
from tests.property.operations import Operation

ROOT: Final = Path(__file__).parents[2]
ROADS: Final = ("native", "python")
FREE: Final = frozenset({"date", "server-timing", "cache-status"})
"""Headers that may differ: times, and where a cached answer was found."""

_NATIVE: Final = 'road;desc="native"'
_ID: Final = re.compile(rb',"id":"\w{8}"(?=\}\})')
_ACCEPTS: Final = (
    "Accept: application/json\r\n",
    "Accept: application/graphql-response+json\r\n",
    "Accept: */*\r\n",
    "",
    "Accept: application/graphql-response+json, application/json;q=0.9\r\n",
)
_STRANGE: Final[tuple[Any, ...]] = (
    *(None, True, 0, -1, 1.5, 1e3, 2**31, 2**63, "1", "", "Ä", '\u2028\\"', "a\u0000b"),
    *([], [1], {}, "😀", "x" * 300),
)
"""Values that a variable of another type may get."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response: its status, the headers that must be equal, its body without ids of errors.

    Attributes:
        native: Whether it was made without Python.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    native: bool = field(default=False, compare=False)


async def ask(port: int, request: bytes) -> Response:
    """Send one request on a connection of its own."""
    return (await ask_in_order(port, [request]))[0]


async def ask_in_order(port: int, asked: Sequence[bytes]) -> list[Response]:
    """Send requests one after the other on one connection."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        return [await _exchange(reader, writer, request) for request in asked]
    finally:
        writer.close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> Response:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = [(name.lower(), value) for name, _, value in (h.partition(": ") for h in head[1:-2])]
    length = int(dict(headers).get("content-length", 0))
    body = await reader.readexactly(length)
    kept = sorted(header for header in headers if header[0] not in FREE)
    native = _NATIVE in dict(headers).get("server-timing", "")
    return Response(int(head[0].split()[1]), tuple(kept), _ID.sub(b"", body), native)


def requests(operation: Operation, random: Random, count: int) -> list[bytes]:
    """Return requests for an operation, with other values, spellings and methods."""
    return [_request(operation.text, _varied(operation, random), random) for _ in range(count)]


def _varied(operation: Operation, random: Random) -> dict[str, Any]:
    variables = dict(operation.variables)
    for name in list(variables):
        chance = random.random()
        value = variables[name]
        if chance < 0.4 and type(value) is int:
            variables[name] = random.randint(-1, 6)
        elif chance < 0.4 and isinstance(value, list):
            variables[name] = random.choices(value, k=random.randint(0, 5))
        elif chance < 0.5:
            variables[name] = random.choice(_STRANGE)
        elif chance < 0.55:
            del variables[name]
    return variables


def _request(text: str, variables: dict[str, Any], random: Random) -> bytes:
    accept = random.choice(_ACCEPTS) if random.random() < 0.3 else _ACCEPTS[0]
    if random.random() < 0.2:
        values = quote(json.dumps(variables))
        target = f"/graphql?query={quote(text)}&variables={values}"
        return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n{accept}\r\n".encode()
    content: dict[str, Any] = {"query": text, "variables": variables}
    if random.random() < 0.2:
        content["operationName"] = random.choice(["Q", None, "", "R"])
    items = list(content.items())
    random.shuffle(items)
    body = json.dumps(
        dict(items),
        ensure_ascii=random.random() < 0.5,
        indent=random.choice([None, None, 1]),
    ).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n{accept}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def sent_by(request: bytes, header: str) -> bytes:
    """Return a request with the header line of a client."""
    line, _, rest = request.partition(b"\r\n")
    return line + b"\r\n" + header.encode() + rest


def post(query: str, header: str) -> bytes:
    """Return a request of a client."""
    body = json.dumps({"query": query}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n{header}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def data(answer: Response) -> Any:
    """Return the data of an answer without errors."""
    content = json.loads(answer.body)
    assert "errors" not in content, content
    return content["data"]


LISTS: Final = Operation(
    "query Q($few: [Int!]!, $names: [String!], $filter: AuthorWhere) {"
    " authors(where: {id: {in: $few}, name: {notIn: $names}}) { id name }"
    " others: authors(where: $filter) { id posts(limit: 2) { id } } }",
    {
        "few": [1, 2, 3, 4, 99],
        "names": ["", "Ä", "x", '"', "\\", "NULL", "{,}"],
        "filter": {"id": {"in": [2, 3, 5]}},
    },
)
"""An operation whose variables are lists."""

_CURSORS: Final = "{ catalogue(first: 9, orderBy: [{id: ASC}]) { edges { cursor } } }"
_PAGE: Final = (
    "query Q($after: String, $most: Int!) {"
    " catalogue(first: $most, after: $after, orderBy: [{id: ASC}]) {"
    " nodes { id name } pageInfo { endCursor hasNextPage hasPreviousPage } } }"
)


async def pages(port: int) -> list[Operation]:
    """Return operations with a cursor of the present rows, and with one that is none."""
    body = json.dumps({"query": _CURSORS}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    answer = await ask(port, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    edges = json.loads(answer.body)["data"]["catalogue"]["edges"]
    cursors = [edge["cursor"] for edge in edges]
    return [
        Operation(_PAGE, {"after": text, "most": 2})
        for text in [*cursors, *[cursor[:-1] + "A" for cursor in cursors[:1]]]
    ]


async def same(
    ports: Sequence[int], asked: Sequence[bytes], random: Random, *, sockets: int = 0
) -> list[int]:
    """Ask both servers in an order of their own, several at a time; answers must be equal.

    Args:
        ports: Ports of the native and of the Python server.
        asked: The requests.
        random: Chooses the order.
        sockets: Connections that all requests share; 0 for one connection for each request.

    Returns:
        For each server, how many answers were made without Python.
    """
    seeds = [random.random() for _ in ports]
    work = [
        _shared(port, asked, seed, sockets) if sockets else _answers(port, asked, seed)
        for port, seed in zip(ports, seeds, strict=True)
    ]
    answers = await asyncio.gather(*work)
    for request, native, python in zip(asked, *answers, strict=True):
        assert native == python, request.decode()
    return [sum(answer.native for answer in each) for each in answers]


async def _answers(port: int, asked: Sequence[bytes], seed: float) -> list[Response]:
    order = list(range(len(asked)))
    Random(seed).shuffle(order)
    slots = asyncio.Semaphore(4)
    found: dict[int, Response] = {}

    async def one(number: int) -> None:
        async with slots:
            found[number] = await ask(port, asked[number])

    await asyncio.gather(*[one(number) for number in order])
    return [found[number] for number in range(len(asked))]


async def _shared(port: int, asked: Sequence[bytes], seed: float, sockets: int) -> list[Response]:
    order = list(range(len(asked)))
    Random(seed).shuffle(order)
    parts = [order[number::sockets] for number in range(sockets)]
    answers = await asyncio.gather(
        *[ask_in_order(port, [asked[number] for number in part]) for part in parts]
    )
    found = {
        number: answer
        for part, own in zip(parts, answers, strict=True)
        for number, answer in zip(part, own, strict=True)
    }
    return [found[number] for number in range(len(asked))]


@contextmanager
def served(
    url: str,
    ports: Sequence[int],
    directory: Path,
    *,
    app: str = "tests.property.roads_app:app",
    more: Mapping[str, str],
) -> Iterator[None]:
    """Serve an application on the native and on the Python server while the block runs.

    Args:
        url: Address of the database.
        ports: Ports of the native and of the Python server.
        directory: An empty directory.
        app: The application.
        more: Variables of its environment.
    """
    with ExitStack() as stack:
        for road, port in zip(ROADS, ports, strict=True):
            own = directory / road
            own.mkdir()
            words = ["serve", app, "--port", str(port)]
            words.append("--native" if road == "native" else "--no-native")
            (own / "tests").symlink_to(ROOT / "tests")
            program = stack.enter_context(running(*words, cwd=own, url=url, more=more))
            program.answer(port, "{ __typename }")
        yield
