"""A PostgreSQL that encrypts connections, and a proxy that does so for one that cannot."""

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from fraiseql.cli.listen import bind_near, port_of
from fraiseql.database.embedded import isolation, start_embedded
from tests.ports import FIRST_PORT

HOST = "127.0.0.1"
PASSWORD = "s3cr3t-w0rd"
PATIENCE = 20.0
_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
_RULES = f"""\
local   all all trust
hostssl all app {HOST}/32 scram-sha-256
hostssl all certified {HOST}/32 cert
hostssl all encrypted {HOST}/32 trust
host    all postgres {HOST}/32 trust
"""


@dataclass(frozen=True, slots=True)
class TlsServer:
    """A running server.

    Attributes:
        port: Its port for encrypted connections and others.
        directory: Of its socket.
    """

    port: int
    directory: Path

    @property
    def local(self) -> str:
        """Address for connections without encryption."""
        return f"postgresql://postgres@/postgres?host={self.directory}&port={self.port}"

    def url(self, user: str = "postgres", host: str = HOST, **options: object) -> str:
        """Return an address."""
        chosen = urlencode(options)
        return f"postgresql://{user}@{host}:{self.port}/postgres?{chosen}"


def free_port(offset: int) -> int:
    """Return a port that nothing listens on."""
    with bind_near(HOST, FIRST_PORT + offset) as listening:
        return port_of(listening)


@contextmanager
def tls_server(
    binaries: Path, directory: Path, certificate: Path, root: Path
) -> Iterator[TlsServer]:
    """Run a server with a certificate, which trusts the certificates of clients of a root."""
    start_embedded(directory, binaries=binaries, durable=False).close()
    (data,) = directory.glob("*/data")
    (data / "pg_hba.conf").write_text(_RULES)
    server = TlsServer(free_port(800), directory)
    options = {
        "listen_addresses": HOST,
        "port": server.port,
        "unix_socket_directories": directory,
        "ssl": "on",
        "ssl_cert_file": certificate,
        "ssl_key_file": certificate.with_suffix(".key"),
        "ssl_ca_file": root,
    }
    owned = json.dumps([str(directory), str(certificate.parent)])
    words = [sys.executable, isolation.__file__, str(os.getpid()), owned]
    words += [binaries / "postgres", "-D", data]
    words += [f"--{name}={value}" for name, value in options.items()]
    log = directory / "tls.log"
    with log.open("w") as opened, subprocess.Popen(words, stdout=opened, stderr=opened) as process:
        _await(log, process)
        yield server
        process.send_signal(signal.SIGINT)


def _await(log: Path, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while "ready to accept connections" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.02)


@asynccontextmanager
async def tls_proxy(
    socket: Path, certificate: Path, *, direct: bool = False, beyond: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Encrypt connections to the socket of a server; give the port.

    Args:
        socket: The unix socket of the server, or a file named by its port.
        certificate: Certificate of the proxy.
        direct: Whether connections begin with TLS.
        beyond: Encryption between the proxy and the port; None for the socket.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    context.set_alpn_protocols(["postgresql"])

    opened: list[asyncio.StreamWriter] = []
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        opened.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            if not direct:
                assert await reader.readexactly(8) == _REQUEST
                writer.write(b"S")
                await writer.start_tls(context)
            there, back = await _opened(socket, beyond)
            opened.append(back)
            await asyncio.gather(_copy(reader, back), _copy(there, writer))

    port = free_port(810)
    encryption = context if direct else None
    listening = await asyncio.start_server(serve, HOST, port, ssl=encryption)
    yield port
    listening.close()
    for writer in opened:
        writer.transport.abort()
    await asyncio.gather(*[task for task in serving if task], return_exceptions=True)


async def _opened(
    socket: Path, beyond: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if beyond is None:
        return await asyncio.open_unix_connection(socket)
    reader, writer = await asyncio.open_connection(HOST, int(socket.name))
    writer.write(_REQUEST)
    assert await reader.readexactly(1) == b"S"
    await writer.start_tls(beyond)
    return reader, writer


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
