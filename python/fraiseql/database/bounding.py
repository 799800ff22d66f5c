"""Bounds on the bytes that a statement may return, enforced while they arrive."""

import asyncio
from typing import Final


class Budget:
    """Bytes that statements may still return; several may share it.

    Args:
        most: How many.
    """

    __slots__ = ("left", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.left = most


UNBOUNDED: Final = Budget(1 << 62)


class BoundedProtocol(asyncio.Protocol):
    """Stands between a connection's transport and the driver, and counts what arrives.

    Where a budget is spent, the connection is cut at once: nothing that PostgreSQL still sends is
    taken into memory.

    Args:
        driver: The driver's protocol.
        transport: The connection's transport.

    Attributes:
        budget: What the running statement may still return.
        exceeded: Whether the connection was cut for it.
    """

    def __init__(self, driver: asyncio.Protocol, transport: asyncio.Transport) -> None:
        self.budget = UNBOUNDED
        self.exceeded = False
        self._driver = driver
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand bytes on, or cut the connection."""
        budget = self.budget
        budget.left -= len(data)
        if budget.left < 0:
            self.exceeded = True
            self._transport.abort()
        else:
            self._driver.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand the end of what arrives on."""
        return self._driver.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand the end of the connection on."""
        self._driver.connection_lost(exc)

    def pause_writing(self) -> None:
        """Hand on that the server does not read."""
        self._driver.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that the server reads again."""
        self._driver.resume_writing()
