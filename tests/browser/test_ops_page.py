"""The ops page in headless Chromium: by keyboard, without scripts, and with no outside request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI

from tests.browser.chromium import (
    addresses_connected,
    drive,
    network,
    origin,
    origins_asked_by_the_page,
)
from tests.integration.http.application import served
from tests.integration.operating.traced import TABLES, Traced, app_of

QUERY = "query Both { live(id: 1) { name } cached(id: 1) { name } }"
TABS = (
    "Operations",
    "Caches",
    "Stored documents",
    "Database",
    "Doctor",
    "Advice",
    "Fields in use",
)


def mounting(app: Any) -> FastAPI:
    """Mount an application as the docs do: its lifespan is that of the outer one."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await app.start()
        yield
        await app.stop()

    outer = FastAPI(lifespan=lifespan)
    outer.mount("/api", app)
    return outer


def test_each_tab_of_a_mounted_application_is_read_by_keyboard(
    database: str, tmp_path: Path
) -> None:
    traced = Traced(database)
    traced.execute(TABLES)
    traced.apply()
    outer = mounting(app_of(database, ops=True))
    with served(outer) as address:
        for _ in range(2):
            sent = httpx.post(f"{address}/api/graphql", json={"query": QUERY})
            assert sent.status_code == 200
        seen = drive("ops.mjs", f"{address}/api", tmp_path)
    traced.runner.close()
    assert tuple(seen["tabs"]) == TABS
    assert tuple(seen["focused"]) == TABS
    assert "Both" in seen["tabs"]["Operations"]
    assert "absent" in seen["tabs"]["Caches"]
    assert "TracedProjected" in seen["tabs"]["Stored documents"]
    assert "blocks found in shared buffers" in seen["tabs"]["Database"]
    assert "as role" in seen["tabs"]["Doctor"]
    assert "fraiseql advise" in seen["tabs"]["Advice"]
    assert "TracedLive.name" in seen["tabs"]["Fields in use"]
    assert "cost=" in seen["plan"]
    assert seen["purged"] == "1 entries of cached invalidated."
    assert all(title in seen["plain"] for title in TABS)
    assert "Both" in seen["plain"]
    assert seen["violations"] == []
    assert seen["console"] == []
    assert {origin(url) for url in seen["requests"]} == {address}
    for profile in ("scripts", "plain"):
        log = network(tmp_path / f"{profile}.json")
        assert origins_asked_by_the_page(log, address) <= {address}
        assert addresses_connected(log) == {urlsplit(address).netloc}
