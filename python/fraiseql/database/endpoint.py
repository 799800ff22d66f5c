"""The server that the driver has connected to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from fraiseql.database.pooler import Pooling


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """A server, with the parameters of connections to it.

    Attributes:
        content: Address, user, database and settings. Contains the password: never print it.
        refusal: Why no other connections to it are opened; None if they may be.
    """

    content: Mapping[str, Any]
    refusal: str | None


def endpoint_of(connection: Any, settings: Mapping[str, str], pooling: Pooling) -> Endpoint:
    """Return the server of an open connection.

    Args:
        connection: The connection.
        settings: Settings that it was opened with.
        pooling: How a pooler in front of the server shares servers.
    """
    # The driver has resolved the address, the environment and the password file.
    address, parameters = connection._addr, connection._params  # noqa: SLF001
    if isinstance(address, str):
        path = PurePosixPath(address)
        host, port = str(path.parent), int(path.suffix[1:])
    else:
        host, port = address[0], address[1]
    content = {
        "host": host,
        "port": port,
        "user": parameters.user,
        "password": parameters.password,
        "database": parameters.database,
        "application_name": settings["application_name"],
        "settings": [
            (name, value) for name, value in settings.items() if name != "application_name"
        ],
    }
    return Endpoint(content, _refusal(connection, pooling, parameters.password))


def _refusal(connection: Any, pooling: Pooling, password: Any) -> str | None:
    if pooling != "none":
        return "the connections go through a pooler"
    transport = connection._transport  # noqa: SLF001
    if transport.get_extra_info("ssl_object") is not None:
        return "the connections are encrypted"
    if callable(password):
        return "the password changes"
    return None
