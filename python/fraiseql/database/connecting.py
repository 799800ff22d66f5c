"""Making connections: to any server that is new enough, or to the embedded one."""

import asyncio
from typing import Protocol, Self

import asyncpg

from fraiseql.database.address import Address, parse_address
from fraiseql.database.failures import RAISED, mapped_connecting
from fraiseql.database.identity import Identity
from fraiseql.database.link import Link
from fraiseql.errors import ConfigurationError, EmbeddedServerError
from fraiseql.settings import Settings

_EMBEDDED = "embedded:"
_OLDEST = 15
_STATEMENTS = 1_000
"""Prepared statements that a connection keeps; as many as the document cache has by default."""


def start_embedded(data_dir: str) -> "_Server":
    """Stand in until the launcher is there."""
    raise EmbeddedServerError(f"No server for {data_dir} yet.")


class _Server(Protocol):
    """A claim on a running embedded PostgreSQL."""

    @property
    def url(self) -> str: ...

    def close(self) -> None: ...


class Connector:
    """Makes connections to one database.

    Attributes:
        server_version: ``server_version_num`` of the server last connected to; 0 before that.
    """

    def __init__(self, address: Address, settings: Settings, server: _Server | None = None) -> None:
        self.server_version = 0
        self._address = address
        self._settings = settings
        self._server = server
        self._starting = asyncio.Lock()

    @classmethod
    async def prepare(cls, url: str, settings: Settings) -> Self:
        """Check the address; start the embedded server, or join it, if that is meant."""
        if url != _EMBEDDED:
            return cls(parse_address(url, settings), settings)
        server = await asyncio.to_thread(start_embedded, settings.data_dir)
        return cls(parse_address(server.url, settings), settings, server)

    async def connect(self) -> Link:
        """Make a connection that is read-only and carries no identity.

        Raises:
            DatabaseUnavailable: The server cannot be reached now.
            ConfigurationError: It refuses us, or is too old.
        """
        address = self._address
        try:
            try:
                return await self._dial(address)
            except OSError:
                if self._server is None:
                    raise
                await self._restart(address)
                return await self._dial(self._address)
        except (*RAISED, ValueError) as error:
            raise mapped_connecting(error) from error

    async def close(self) -> None:
        """Give up the claim on the embedded server, if there is one."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.close)

    async def _dial(self, address: Address) -> Link:
        link: Link = await asyncpg.connect(
            address.url,
            connection_class=Link,
            server_settings=address.server_settings,
            timeout=self._settings.connect_timeout,
            statement_cache_size=_STATEMENTS,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
        )
        link.identity = Identity.NONE
        link.tainted = False
        self._check_version(link)
        return link

    def _check_version(self, link: Link) -> None:
        version = link.get_server_version()
        if version.major < _OLDEST:
            link.terminate()
            raise ConfigurationError(
                f"The server is PostgreSQL {version.major}; FraiseQL needs {_OLDEST} or newer.",
                hint="Use a newer server, or embedded: for one of our own.",
            )
        self.server_version = version.major * 10_000 + version.micro

    async def _restart(self, failed: Address) -> None:
        """Start the embedded server again, once for all who found it gone."""
        async with self._starting:
            if self._address is not failed or self._server is None:
                return
            gone, self._server = self._server, None
            await asyncio.to_thread(gone.close)
            self._server = await asyncio.to_thread(start_embedded, self._settings.data_dir)
            self._address = parse_address(self._server.url, self._settings)
