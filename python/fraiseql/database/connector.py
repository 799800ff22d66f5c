"""Opening of connections to a server or to the embedded one."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Self

import asyncpg

from fraiseql.database.address import Address, parse_address
from fraiseql.database.connection import Connection
from fraiseql.database.embedded import EmbeddedServer, start_embedded
from fraiseql.database.endpoint import Endpoint, endpoint_of
from fraiseql.database.failures import RAISED, mapped_connecting
from fraiseql.database.origin import load_origin
from fraiseql.database.pooler import (
    DriverConnection,
    Pooler,
    SettingsCheck,
    check_settings,
    find_pooling,
    refused_parameter,
)
from fraiseql.errors import ConfigurationError, DatabaseUnavailable, EmbeddedServerError
from fraiseql.settings import Settings

_EMBEDDED = "embedded:"
_OLDEST = 15
_PROBE_SECONDS = 2.0
_STATEMENTS = 100
"""Prepared statements of developers on a connection."""
_MOST_TEXT = 4_096
"""Maximum characters of these: PostgreSQL needs a hundred times as much for a statement."""


class Connector:
    """Opens connections to a database, and holds the claim on an embedded server.

    Attributes:
        server_version: ``server_version_num`` of the last connection; 0 before that.
        login_role: Login role of the last connection; empty before that.
        endpoint: Server of the last connection; None before that.
    """

    def __init__(
        self,
        address: Address,
        settings: Settings,
        server: EmbeddedServer | None = None,
        overrides: Mapping[str, str] | None = None,
        *,
        own_path: bool = False,
    ) -> None:
        self.server_version = 0
        self.login_role = ""
        self.endpoint: Endpoint | None = None
        self._own_path = own_path
        self._overrides = overrides
        self._address = address
        self._settings = settings
        self._server = server
        self._joining: asyncio.Task[None] | None = None
        self._pooler = Pooler()

    @classmethod
    async def prepare(
        cls,
        url: str,
        settings: Settings,
        overrides: Mapping[str, str] | None = None,
        *,
        own_path: bool = False,
    ) -> Self:
        """Check the address; start or join the embedded server for ``embedded:``."""
        server = None
        if url == _EMBEDDED:
            server = await asyncio.to_thread(start_embedded, settings.data_dir)
            url = server.url
        address = parse_address(url, settings, overrides)
        return cls(address, settings, server, overrides, own_path=own_path)

    async def connect(self) -> Connection:
        """Open a read-only connection without identity.

        Raises:
            DatabaseUnavailable: The server cannot be reached now.
            ConfigurationError: It refuses the connection or is too old.
        """
        address = self._address
        try:
            return await self._dial(address)
        except OSError as error:
            if self._server is None:
                raise mapped_connecting(error) from error
        except (*RAISED, ValueError) as error:
            raise mapped_connecting(error) from error
        await self._rejoin(address)
        try:
            return await self._dial(self._address)
        except (*RAISED, ValueError) as error:
            raise mapped_connecting(error) from error

    async def close(self) -> None:
        """Release the claim on the embedded server, if there is one."""
        if self._joining is not None:
            await asyncio.wait([self._joining])
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.close)

    async def _dial(self, address: Address) -> Connection:
        try:
            connection: Connection = await asyncpg.connect(
                address.url,
                connection_class=Connection,
                server_settings=address.server_settings,
                timeout=self._settings.connect_timeout,
                statement_cache_size=_STATEMENTS,
                max_cached_statement_lifetime=0,
                max_cacheable_statement_size=_MOST_TEXT,
            )
        except asyncpg.PostgresError as error:
            refused = refused_parameter(error.__cause__ or error, address.server_settings)
            if refused is None:
                raise
            raise refused from error
        self._check_version(connection)
        # PostgreSQL reports it when a connection begins.
        self.login_role = getattr(connection.get_settings(), "session_authorization", "")
        try:
            check = await self._check_pooler(connection, address)
            connection.pooler = self._pooler
            origin = await load_origin(connection)
            connection.begin(
                replace(origin, settings=origin.settings ^ address.digest),
                self._settings.prepared_bytes,
            )
            if self._own_path:
                await connection.set_own_path()
            endpoint = endpoint_of(connection, address.url, self._pooler.pooling, check)
            self.endpoint = connection.endpoint = endpoint
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _check_pooler(self, connection: Connection, address: Address) -> SettingsCheck | None:
        """Find the pooling, once it can be seen; check the settings of each pooled connection."""
        if self._pooler.pooling == "unknown":

            async def another() -> DriverConnection:
                return await asyncpg.connect(
                    address.url, server_settings=address.server_settings, timeout=_PROBE_SECONDS
                )

            self._pooler.found(await find_pooling(connection, another))
        if self._pooler.pooling == "none":
            return None
        return await check_settings(connection, address.server_settings)

    def _check_version(self, connection: Connection) -> None:
        version = connection.get_server_version()
        if version.major < _OLDEST:
            connection.terminate()
            raise ConfigurationError(
                f"The server is PostgreSQL {version.major}; FraiseQL needs {_OLDEST} or newer.",
                hint="Use a newer server, or embedded: for a local one.",
            )
        self.server_version = version.major * 10_000 + version.micro

    async def _rejoin(self, failed: Address) -> None:
        """Start the embedded server again, once for all concurrent requests."""
        if self._address is failed and (self._joining is None or self._joining.done()):
            self._joining = asyncio.create_task(self._join())
        if self._joining is None:
            return
        try:
            # Shielded: a cancelled request must not cancel the start for others.
            await asyncio.shield(self._joining)
        except EmbeddedServerError as error:
            raise DatabaseUnavailable(
                "The embedded database is down and does not start.",
                hint="See the log in the data directory; the next request tries again.",
            ) from error

    async def _join(self) -> None:
        server = await asyncio.to_thread(start_embedded, self._settings.data_dir)
        old, self._server = self._server, server
        self._address = parse_address(server.url, self._settings, self._overrides)
        # The old claim is released last, so that the server always has a claim.
        if old is not None:
            await asyncio.to_thread(old.close)
