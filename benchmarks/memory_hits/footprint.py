"""Memory of a process with many entries.

``python -m benchmarks.memory_hits.footprint URL ENTRIES`` fills the memory of a service and
prints its figures as JSON.
"""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from os import urandom
from pathlib import Path
from typing import Any
from unittest.mock import patch

import fraiseql
from benchmarks.memory_hits import declared
from benchmarks.memory_hits.declared import Stored
from benchmarks.memory_hits.environment import Run
from benchmarks.paths import ROOT
from fraiseql.caching.results.memory import Memory, MemoryEntry
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.events import Timings
from fraiseql.serving import Request

TRIES = 100
TEXT = f"""query Fill($x: Int!) {{
  users(where: {{id: {{gt: $x}}}}, limit: 10) {{ {declared.FIELDS} }}
}}"""
"""An answer of about a kilobyte."""
LONGEST = 900
"""Seconds after which the process is killed."""


async def measure(run: Run) -> dict[str, Any]:
    """Return resident memory before and after, and what the process counts itself."""
    words = ["-m", "benchmarks.memory_hits.footprint", run.url, str(run.plan.entries)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), LONGEST)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    figures: dict[str, Any] = json.loads(said)
    grown = (figures["after_mb"] - figures["before_mb"]) * 1e6 / figures["entries"]
    run.bench.say(f"{figures['entries']:,} entries: {grown:,.0f} bytes each")
    return figures


async def filled(url: str, entries: int) -> dict[str, Any]:
    """Fill the memory of a service with entries like one that a request left."""
    app = fraiseql.create_app(
        queries=declared.queries(Stored("unlogged")),
        database_url=url,
        worker=False,
        memory_max_bytes=2**40,
    )
    service: Any = app.service
    await service.start()
    try:
        memory: Memory[Any] = service.results.runtime.memory
        request, entry = await _remembered(service)
        before, size = resident_mb(), memory.size
        for _ in range(entries):
            memory.put(urandom(len(request.key)), _copy(request, entry))
        return {
            "before_mb": before,
            "after_mb": resident_mb(),
            "entries": entries,
            "counted_mb": (memory.size - size) / 1e6,
            "body_bytes": len(entry.result.value or b""),
        }
    finally:
        await service.stop()


async def _remembered(service: Any) -> tuple[CacheRequest, MemoryEntry[Any]]:
    """Ask until an answer is in memory; return its request and its entry."""
    requests: list[CacheRequest] = []
    whole = CacheRuntime.remember

    def remember(runtime: CacheRuntime, request: CacheRequest, *more: Any) -> None:
        requests.append(request)
        whole(runtime, request, *more)

    with patch.object(CacheRuntime, "remember", remember):
        for number in range(TRIES):
            await service.execute(Request(TEXT, None, {"x": number}), {}, Timings())
            for request in requests:
                entry = service.results.runtime.memory.find(request.key)
                if entry is not None:
                    return request, entry
    raise RuntimeError("No answer is in memory.")


def _copy(request: CacheRequest, entry: MemoryEntry[Any]) -> MemoryEntry[Any]:
    """Return an entry that shares with others what entries of different requests share."""
    value = bytes(bytearray(entry.result.value or b""))
    result = replace(entry.result, value=value, etag=urandom(16).hex())
    return replace(entry, result=result, tags=request.tags())


def resident_mb() -> float:
    """Return the resident memory of this process, in MB of 10^6 bytes."""
    (line,) = [
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmRSS:")
    ]
    return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    """Fill memory, and print the figures."""
    url, entries = sys.argv[1:]
    print(json.dumps(asyncio.run(filled(url, int(entries)))), flush=True)


if __name__ == "__main__":
    main()
