"""The upper bound on granian, through its own interface."""

from typing import Any

from benchmarks.peers.ceiling import answer


async def app(_scope: Any, protocol: Any) -> None:
    """Answer one RSGI request."""
    payload = await answer(await protocol())
    protocol.response_bytes(200, [("content-type", "application/json")], payload)
