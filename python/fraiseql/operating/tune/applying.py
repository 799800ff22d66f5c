"""Changes of settings: made, waited for, and undone."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError, DatabaseError
from fraiseql.operating.tune.facts import altered_settings, load_settings
from fraiseql.operating.tune.history import (
    PastChange,
    changing_settings,
    past_changes,
    record_change,
    record_undone,
)
from fraiseql.operating.tune.proposals import (
    NAMES,
    Proposal,
    restore_statement,
    same_text,
)
from fraiseql.operating.tune.values import ServerSetting, Value

_RELOAD: Final = "SELECT pg_reload_conf()"
_POLL: Final = 0.05
_SECONDS: Final = 30.0

Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was made or undone.

    Attributes:
        number: Its number, for ``--undo``; None if there was nothing to undo.
        names: The settings.
        values: Their new values; empty when undone.
        pending: Those that wait for a restart.
        left: Settings that another has changed since, and that were not undone.
    """

    number: int | None
    names: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


async def apply_proposals(
    pool: Pool, proposals: Sequence[Proposal], announce: Announce = lambda _: None
) -> Change:
    """Make changes, and wait until new sessions have them.

    Args:
        pool: Connections of a role that may alter the settings.
        proposals: At least one.
        announce: Called with each statement before it runs.

    Raises:
        ConfigurationError: Another session changes settings.
        DatabaseError: A statement failed; ``undo_change`` undoes those before it.
    """
    async with changing_settings(pool) as writer:
        number = await record_change(writer, proposals)
        for statement in (*(each.command for each in proposals), _RELOAD):
            announce(statement)
            await writer.execute(statement)
    values = {each.name: each.target.value for each in proposals}
    return await settled_change(pool, Change(number, tuple(values), values))


async def settled_change(pool: Pool, change: Change) -> Change:
    """Wait until new sessions have the values of a change; return it with those that are pending.

    Raises:
        DatabaseError: They do not have them after half a minute.
    """
    deadline = time.monotonic() + _SECONDS
    while True:
        # New connections: one with a setting of its own does not see the change.
        pool.replace_all()
        settings = await load_settings(pool)
        pending = tuple(name for name in change.names if _waits(settings, name))
        if all(
            name in pending or settings[name].value == value
            for name, value in change.values.items()
        ):
            return replace(change, pending=pending)
        if time.monotonic() > deadline:
            raise DatabaseError(
                f"New sessions do not have the changed settings after {_SECONDS:g} s.",
                hint="See the log of the server; fraiseql tune APP --undo undoes the change.",
            )
        await asyncio.sleep(_POLL)


async def undo_change(
    pool: Pool, number: int | None, announce: Announce = lambda _: None
) -> Change:
    """Undo a change, also one that stopped half-way, and wait until new sessions see that.

    Args:
        pool: Connections of a role that may alter the settings.
        number: Of the change; None for the last that is not undone.
        announce: Called with each statement before it runs.

    Raises:
        ConfigurationError: There is no such change, or another session changes settings.
        DatabaseError: A statement failed; the next call continues.
    """
    async with changing_settings(pool) as writer:
        chosen, changes = await past_changes(writer, number)
        if number is not None and not changes:
            raise ConfigurationError(f"There is no change {number} of fraiseql tune.")
        open_changes = [each for each in changes if not each.undone]
        if chosen is None or not open_changes:
            settings = await load_settings(pool)
            return Change(None, pending=tuple(name for name in NAMES if _waits(settings, name)))
        altered = await altered_settings(pool)
        statements, left = _restoring(open_changes, altered)
        for statement in (*statements, _RELOAD):
            announce(statement)
            await writer.execute(statement)
        await record_undone(writer, chosen)
    names = tuple(each.name for each in open_changes)
    return await settled_change(pool, Change(chosen, names, left=left))


def _restoring(
    changes: Sequence[PastChange], altered: Mapping[str, str]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the statements, and the settings that have another value than the change gave."""
    statements, left = [], []
    for change in changes:
        now = altered.get(change.name)
        if now is not None and same_text(change.name, now, change.new):
            statements.append(restore_statement(change.name, change.old))
        elif now != change.old:
            left.append(change.name)
    return statements, tuple(left)


def _waits(settings: Mapping[str, ServerSetting], name: str) -> bool:
    return name in settings and settings[name].pending
