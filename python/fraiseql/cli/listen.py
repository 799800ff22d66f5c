"""Bound sockets, or a clear error."""

import errno
import socket
from typing import Final

from fraiseql.errors import ConfigurationError

_HIGHEST: Final = 32_767
"""Above it the system assigns ports to outgoing connections: a free one may not stay free."""

_LAST: Final = 65_535


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 is any free one.

    Raises:
        ConfigurationError: The port is taken, or the address is not one of this machine's.
    """
    try:
        return _bound(host, port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        raise ConfigurationError(
            f"Cannot listen on {host}:{port}: {'the port is taken' if taken else error.strerror}.",
            hint="Choose another one with --port." if taken else "Check --host and --port.",
        ) from error


def bind_near(host: str, port: int) -> socket.socket:
    """Return a socket bound to ``port``, or to the next free one below 32768 when it is taken.

    Raises:
        ConfigurationError: None of them is free, or the address is not one of this machine's.
    """
    for candidate in range(port, max(port, _HIGHEST) + 1):
        try:
            return _bound(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                break
    return bind(host, port)


def port_of(bound: socket.socket) -> int:
    """Return the port that a socket is bound to."""
    port: int = bound.getsockname()[1]
    return port


def url_of(host: str, port: int, path: str = "/graphql") -> str:
    """Return an address that a browser on this machine can open."""
    shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    return f"http://{f'[{shown}]' if ':' in shown and shown[0] != '[' else shown}:{port}{path}"


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _LAST:
        raise ConfigurationError(f"{port} is not a port.", hint="Ports go from 1 to 65535.")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Two sockets may be bound to one port until one of them listens.
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
