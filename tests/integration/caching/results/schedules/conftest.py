"""Fixtures: a store over the lists, and what steps through orders on it."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.caching.results.oracle.env import KINDS, Env, Kind, opened, reset_database
from tests.integration.caching.results.schedules.actors import LISTS, Stage, asked, on_stage


@pytest.fixture(params=KINDS)
async def kind(request: pytest.FixtureRequest) -> Kind:
    """Each store in turn."""
    return request.param


@pytest.fixture
async def env(database: str, redis_url: str, kind: Kind) -> AsyncIterator[Env]:
    """One store over fresh lists."""
    await reset_database(database, LISTS)
    async with opened(database, LISTS, kind, redis_url) as opened_env:
        await opened_env.learn(asked(1).reads)
        yield opened_env


@pytest.fixture
async def stage(env: Env) -> AsyncIterator[Stage]:
    """Actors' connections."""
    async with on_stage(env) as prepared:
        yield prepared
