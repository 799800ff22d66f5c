"""Limits on the bytes that a statement may return."""

import asyncio
from typing import Final


class Budget:
    """Bytes that statements may still return; several may share it.

    Args:
        most: Maximum bytes.
    """

    __slots__ = ("left", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.left = most


UNBOUNDED: Final = Budget(1 << 62)


class BoundedProtocol(asyncio.Protocol):
    """Wraps the driver's protocol and counts the received bytes.

    When the budget is spent, the connection is aborted, so that no more bytes are read into memory.

    Args:
        driver: The driver's protocol.
        transport: The connection's transport.

    Attributes:
        budget: Budget of the running statement.
        exceeded: Whether the connection was aborted for it.
    """

    def __init__(self, driver: asyncio.Protocol, transport: asyncio.Transport) -> None:
        self.budget = UNBOUNDED
        self.exceeded = False
        self._driver = driver
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Forward bytes, or abort the connection."""
        budget = self.budget
        budget.left -= len(data)
        if budget.left < 0:
            self.exceeded = True
            self._transport.abort()
        else:
            self._driver.data_received(data)

    def eof_received(self) -> bool | None:
        """Forward the end of the stream."""
        return self._driver.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forward the end of the connection."""
        self._driver.connection_lost(exc)

    def pause_writing(self) -> None:
        """Forward that the server does not read."""
        self._driver.pause_writing()

    def resume_writing(self) -> None:
        """Forward that the server reads again."""
        self._driver.resume_writing()
