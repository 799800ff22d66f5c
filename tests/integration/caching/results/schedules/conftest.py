"""Fixtures: a store over the lists, and what steps through orders on it."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.caching.results.oracle.env import KINDS, Env, Kind, made_anew, opened
from tests.integration.caching.results.schedules.actors import LISTS, Stage, asked, on_stage


@pytest.fixture(params=KINDS)
async def kind(request: pytest.FixtureRequest) -> Kind:
    """Each store in turn."""
    return request.param


@pytest.fixture
async def env(database: str, redis_url: str, kind: Kind) -> AsyncIterator[Env]:
    """One store over fresh lists."""
    await made_anew(database, LISTS)
    async with opened(database, LISTS, kind, redis_url) as made:
        await made.learn(asked(1).reads)
        yield made


@pytest.fixture
async def stage(env: Env) -> AsyncIterator[Stage]:
    """Actors' connections."""
    async with on_stage(env) as made:
        yield made
