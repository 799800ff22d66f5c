"""The server that the driver has connected to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from fraiseql.database.encryption import UnknownEncryptionError, encryption_of
from fraiseql.database.pooler import Pooling, SettingsCheck


@dataclass(frozen=True, repr=False)
class Endpoint:
    """A server, with the parameters of connections to it.

    Attributes:
        content: Address, user, database, settings and encryption. Contains the password: never
            print it.
        refusal: Why no other connections to it are opened; None if they may be.
        check: Check of the settings of each connection, where they lead through a pooler.
    """

    content: Mapping[str, Any]
    refusal: str | None
    check: SettingsCheck | None = None

    @cached_property
    def address(self) -> str | None:
        """The content as JSON, which contains the password, for connections that are sessions.

        None where there is a refusal, and where a pooler gives each transaction another session.
        """
        if self.refusal is not None or self.check is not None:
            return None
        return orjson.dumps(self.content).decode()


def endpoint_of(
    connection: Any, url: str, pooling: Pooling, check: SettingsCheck | None = None
) -> Endpoint:
    """Return the server of an open connection.

    Args:
        connection: The connection.
        url: The address that the driver was called with.
        pooling: How a pooler in front of the server shares servers.
        check: Check of the settings of each connection through the pooler.
    """
    parameters = connection._params  # noqa: SLF001
    try:
        refusal, encryption = _refusal(parameters, pooling), encryption_of(connection, url)
    except UnknownEncryptionError as error:
        return Endpoint({}, str(error))
    # The driver has resolved the address, the environment and the password file, and has joined the
    # options of the URL with the settings.
    settings = dict(parameters.server_settings)
    host, port = _place(connection._addr)  # noqa: SLF001
    content = {
        "host": host,
        "port": port,
        "user": parameters.user,
        "password": None if refusal else parameters.password,
        "database": parameters.database,
        "application_name": settings.pop("application_name"),
        "options": settings.pop("options", ""),
        "settings": list(settings.items()),
        "encryption": encryption,
    }
    return Endpoint(content, refusal, check)


def _place(address: tuple[str, int] | str) -> tuple[str, int]:
    """Return host and port; for a socket in the file system its directory and number."""
    if isinstance(address, str):
        directory, _, number = address.rpartition("/.s.PGSQL.")
        return directory, int(number)
    return address[0], address[1]


def _refusal(parameters: Any, pooling: Pooling) -> str | None:
    if pooling == "session":
        # Each connection would hold one of the pooler's servers for as long as it is open.
        return "the pooler gives each connection a server of its own (pool_mode = session)"
    if pooling == "unknown":
        return "whether the pooler shares its servers is not known"
    if not isinstance(parameters.password, str | None):
        return "the password changes"
    return None
