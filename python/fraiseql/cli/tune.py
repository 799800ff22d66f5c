"""``fraiseql tune``: settings of the server for its machine and its load."""

import asyncio
import shutil
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fraiseql.cli.output import NOT_RUN, counted, note, say, say_data, say_json
from fraiseql.cli.registry import add_command
from fraiseql.cli.sizes import size_argument
from fraiseql.cli.target import add_target, find_target
from fraiseql.cli.tune_output import change_document, change_lines, tuning_document, tuning_lines
from fraiseql.database import Pool, open_pool
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.errors import ConfigurationError
from fraiseql.operating.trace.samples import ReplayLimits, load_replay
from fraiseql.operating.tune.applying import (
    Change,
    apply_proposals,
    settled_change,
    undo_change,
)
from fraiseql.operating.tune.facts import PROFILES, Overrides, load_facts
from fraiseql.operating.tune.formats import FORMATS
from fraiseql.operating.tune.measuring import Measurement, measured
from fraiseql.operating.tune.proposals import SettingFilter, Tuning, propose
from fraiseql.operating.tune.refusals import check_change, check_start
from fraiseql.operating.tune.replay import Replay
from fraiseql.operating.tune.restarting import (
    discard_saved,
    restart_or_restore,
    save_settings,
    start_recovered,
)
from fraiseql.operating.tune.storage import STORAGE_KINDS
from fraiseql.serving.native.native_connections import most_connections
from fraiseql.settings import Settings

_EMBEDDED: Final = "embedded:"
_LAST: Final = 0
_PROPOSED: Final = 1
_PENDING: Final = 3


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "tune")
    add_target(parser)
    _add_inputs(parser)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these settings")
    parser.add_argument(
        "--except", nargs="+", default=[], metavar="NAME", dest="excluded", help="not these"
    )
    parser.add_argument(
        "--measure",
        action="store_true",
        help="run the statements of the trace with the settings that change plans, and propose"
        " those with which none is slower",
    )
    parser.add_argument(
        "--format",
        choices=("table", *FORMATS),
        default="table",
        help="print for reading (table), as SQL, as a configuration file, or for a provider",
    )
    _add_changes(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run, failed=NOT_RUN)


def _add_inputs(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("inputs", "asked of the server unless they are passed")
    group.add_argument(
        "--memory", type=size_argument, metavar="SIZE", help="memory of the machine, such as 16GB"
    )
    group.add_argument("--cpus", type=_count, metavar="N", help="its processors")
    group.add_argument(
        "--share",
        type=_share,
        metavar="F",
        help="share of the memory for PostgreSQL (1.0; 0.5 for the embedded server)",
    )
    group.add_argument("--storage", choices=STORAGE_KINDS, help="kind of its disks")
    group.add_argument(
        "--profile",
        choices=PROFILES,
        default="api",
        help="short operations (api), long ones too (mixed), or mostly long ones (reporting)",
    )
    group.add_argument(
        "--connections",
        type=_count,
        metavar="N",
        help="connections of all processes of the application (those of one process)",
    )


def _add_changes(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("changes")
    action = group.add_mutually_exclusive_group()
    action.add_argument(
        "--apply", action="store_true", help="change the settings; exits 3 if a restart is pending"
    )
    action.add_argument(
        "--undo",
        nargs="?",
        type=_count,
        const=_LAST,
        metavar="ID",
        help="undo a change; the last without ID",
    )
    group.add_argument(
        "--restart",
        action="store_true",
        help="restart the embedded server; if it does not start, its former settings return",
    )


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise ArgumentTypeError(f"{text!r} is not a number above 0 and up to 1")
    return share


def _run(arguments: Namespace) -> int:
    if arguments.json and arguments.format != "table":
        raise ConfigurationError("--json and --format exclude each other.")
    if arguments.restart and not (arguments.apply or arguments.undo is not None):
        raise ConfigurationError("--restart goes with --apply or --undo.")
    settings = find_target(arguments.app).service().settings
    if settings.database_url != _EMBEDDED:
        return asyncio.run(_finished(arguments, settings, None))
    with start_recovered(settings.data_dir) as server:
        try:
            return asyncio.run(_finished(arguments, settings, server))
        finally:
            discard_saved(server.data)


async def _finished(arguments: Namespace, settings: Settings, server: EmbeddedServer | None) -> int:
    """Run the command; return the exit code."""
    async with _connected(settings, server) as pool:
        if arguments.undo is None and not arguments.apply:
            return _show(*await _tuning(pool, arguments, settings, server), arguments)
        change = await _changed(pool, arguments, settings, server)
    if change.pending and arguments.restart and server is not None:
        change = await _restarted(change, settings, server)
    return _show_change(change, arguments, server)


@asynccontextmanager
async def _connected(settings: Settings, server: EmbeddedServer | None) -> AsyncIterator[Pool]:
    pool = await open_pool(server.url if server else settings.database_url, settings)
    try:
        yield pool
    finally:
        await pool.close()


async def _tuning(
    pool: Pool, arguments: Namespace, settings: Settings, server: EmbeddedServer | None
) -> tuple[Tuning, Measurement | None]:
    overrides = Overrides(
        memory=arguments.memory,
        cpus=arguments.cpus,
        share=arguments.share,
        storage=arguments.storage,
        profile=arguments.profile,
        connections=arguments.connections,
        embedded=server is not None,
        free_disk=shutil.disk_usage(server.data).free if server else None,
    )
    count = settings.pool_size + settings.cache_connections + most_connections(settings)
    chosen = SettingFilter(frozenset(arguments.only), frozenset(arguments.excluded))
    tuning = propose(await load_facts(pool, overrides, count), chosen)
    if not arguments.measure:
        return tuning, None
    statements, others = await load_replay(pool, ReplayLimits(synthetic=True))
    ran = counted(len(statements), "statement")
    note(f"running {ran} of the trace with old and new settings in turn")
    replay = Replay(server.url if server else settings.database_url, settings)
    return await measured(tuning, replay, statements, others)


async def _changed(
    pool: Pool, arguments: Namespace, settings: Settings, server: EmbeddedServer | None
) -> Change:
    """Apply or undo, without a restart."""
    if arguments.restart and server is not None:
        save_settings(server.data)
    if arguments.undo is not None:
        return await undo_change(pool, arguments.undo or None, note)
    tuning, _ = await _tuning(pool, arguments, settings, server)
    if not tuning.proposals:
        return Change(None, pending=tuning.pending)
    check_change(tuning)
    if server is not None:
        check_start(tuning, server.binaries)
    return await apply_proposals(pool, tuning.proposals, note)


async def _restarted(change: Change, settings: Settings, server: EmbeddedServer) -> Change:
    """Restart the embedded server; return the change as it is then."""
    note("restarting the embedded server")
    try:
        restarted = restart_or_restore(settings.data_dir, server.data)
    except ConfigurationError:
        async with _connected(settings, server) as pool:
            # Its settings are back already: this records it.
            await undo_change(pool, change.number)
        raise
    with restarted:
        async with _connected(settings, restarted) as pool:
            return await settled_change(pool, change)


def _show(tuning: Tuning, measurement: Measurement | None, arguments: Namespace) -> int:
    document = tuning_document(tuning, measurement)
    if arguments.json:
        say_json(document)
    elif arguments.format == "table":
        for line in tuning_lines(document):
            say(line)
    elif tuning.proposals:
        for line in FORMATS[arguments.format](tuning.proposals):
            say_data(line)
    return _PROPOSED if tuning.proposals else _PENDING if tuning.pending else 0


def _show_change(change: Change, arguments: Namespace, server: EmbeddedServer | None) -> int:
    if arguments.json:
        say_json(change_document(change))
    else:
        for line in change_lines(change, undone=not arguments.apply, embedded=server is not None):
            say(line)
    return _PENDING if change.pending else 0
