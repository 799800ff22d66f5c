"""Row capture of tables whose transition tables may miss rows."""

from dataclasses import replace

import asyncpg
import pytest

from fraiseql.caching.changes.transition import transition_tables_are_whole
from fraiseql.caching.strategies.projection import EmbedSpec, problems
from tests.integration.caching.projection.installation import differences, fresh
from tests.integration.caching.projection.interleavings import BLOG_ROWS, BLOG_STEPS
from tests.integration.caching.projection.schemas import BLOG
from tests.integration.caching.projection.test_statements import MORE_BLOG, left_over


def _by_row(embed: EmbedSpec) -> EmbedSpec:
    below = tuple(_by_row(each) for each in embed.embeds)
    return replace(embed, table=replace(embed.table, by_row=True), embeds=below)


PLAIN_BY_ROW = replace(
    BLOG,
    specs=tuple(
        replace(
            spec,
            root=replace(spec.root, by_row=True),
            embeds=tuple(_by_row(each) for each in spec.embeds),
        )
        for spec in BLOG.specs
    ),
)
"""The blog, as an older minor release of PostgreSQL has it captured."""


@pytest.mark.parametrize(
    ("server", "whole"),
    [
        (150_015, False),
        (150_016, True),
        (160_011, False),
        (160_012, True),
        (170_007, False),
        (170_008, True),
        (180_001, False),
        (180_002, True),
        (190_000, True),
    ],
)
def test_releases_that_lose_rows_of_merge_are_known(server: int, whole: bool) -> None:
    assert transition_tables_are_whole(server) is whole


async def test_plain_tables_are_captured_by_row_too(connection: asyncpg.Connection) -> None:
    await fresh(connection, PLAIN_BY_ROW)
    for name, statement in {**BLOG_STEPS, **MORE_BLOG}.items():
        await connection.execute(BLOG_ROWS)
        await connection.execute(statement)
        assert await differences(connection, PLAIN_BY_ROW) == [], name
        assert await left_over(connection) == 0, name
    for spec in PLAIN_BY_ROW.specs:
        assert await connection.fetch(problems(spec)) == []
