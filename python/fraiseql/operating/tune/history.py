"""Changes of settings that were made, in the table ``fraiseql.tuning``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.errors import ConfigurationError
from fraiseql.operating.tune.proposals import Proposal
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)


@dataclass(frozen=True, slots=True)
class PastChange:
    """A setting that was changed.

    Attributes:
        name: The setting.
        old: Its value in ``postgresql.auto.conf`` before; None if it was not there.
        new: Its value there afterwards.
        undone: Whether the change was undone.
    """

    name: str
    old: str | None
    new: str
    undone: bool


@asynccontextmanager
async def changing_settings(pool: Pool) -> AsyncIterator[AdminConnection]:
    """Hold the lock of changes of settings in the block.

    Raises:
        ConfigurationError: Another session has it.
        DatabaseError: The database cannot be reached.
    """
    async with open_admin(pool) as writer:
        if not await writer.fetchval(_SQL["lock"].text):
            raise ConfigurationError(
                "Another fraiseql tune is changing this server.",
                hint="Wait for it, and run the command again.",
                code="TUNE_REFUSED",
            )
        try:
            yield writer
        finally:
            if writer.usable:
                await writer.fetchval(_SQL["unlock"].text)


async def record_change(writer: AdminConnection, proposals: Sequence[Proposal]) -> int:
    """Record the changes, committed before the first is made; return their number."""
    async with writer.begun():
        for name in ("create_schema", "create_table", "comment"):
            await writer.execute(_SQL[name].text)
        columns = [
            [each.name for each in proposals],
            [each.altered for each in proposals],
            [each.new_text for each in proposals],
        ]
        return int(await writer.fetchval(_SQL["insert"].text, *columns))


async def past_changes(
    writer: AdminConnection, number: int | None
) -> tuple[int | None, list[PastChange]]:
    """Return the settings of a change, the last first, and its number.

    Args:
        writer: The connection.
        number: Its number; None for the last that is not undone.

    Raises:
        ConfigurationError: ``NOT_SUPERUSER``: the role may not read them.
    """
    table = await writer.fetchrow(_SQL["exists"].text)
    if table is None or not table["present"]:
        return None, []
    if not table["allowed"]:
        raise ConfigurationError(
            f"Role {table['role']} may not read and change fraiseql.tuning, the list of changes.",
            hint="Run the command as the role that ran fraiseql tune APP --apply (DATABASE_URL=…).",
            code="NOT_SUPERUSER",
        )
    number = number or await writer.fetchval(_SQL["latest"].text)
    rows = await writer.fetch(_SQL["changes"].text, number)
    changes = [
        PastChange(row["name"], row["old_value"], row["new_value"], row["undone"]) for row in rows
    ]
    return number, changes


async def record_undone(writer: AdminConnection, number: int) -> None:
    """Record that a change is undone."""
    await writer.execute(_SQL["undone"].text, number)
