"""``fraiseql advise``: changes of storage for the operations of the trace."""

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fraiseql.cli.advise_output import advice_lines, report_document
from fraiseql.cli.measured_advice import add_measuring, checked_lines, measured_report
from fraiseql.cli.measured_output import (
    add_measurements,
    history_document,
    history_lines,
    measured_lines,
)
from fraiseql.cli.output import NOT_RUN, say, say_json
from fraiseql.cli.registry import add_command
from fraiseql.cli.server import holding_database
from fraiseql.cli.target import add_target, find_target
from fraiseql.database import open_pool
from fraiseql.operating.advise.advising import AdviseOptions, advise
from fraiseql.operating.ops.advice import write_advice
from fraiseql.schema import Schema
from fraiseql.settings import Settings

_TOP: Final = 10


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "advise")
    add_target(parser)
    _add_options(parser)
    add_measuring(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run, failed=NOT_RUN)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--operation", metavar="NAME", help="examine this operation only")
    parser.add_argument(
        "--top", type=_count, default=_TOP, metavar="N", help=f"most recommendations ({_TOP})"
    )
    change = parser.add_mutually_exclusive_group()
    change.add_argument(
        "--what-if", metavar="DDL", help="predict this CREATE INDEX, whether it pays or not"
    )
    change.add_argument(
        "--what-if-drop", metavar="INDEX", help="predict the operations without this index"
    )
    parser.add_argument(
        "--write-share",
        type=_share,
        metavar="F",
        help="share of writes among reads and writes; the server's counts if unset",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 and below 1")
    return share


def _run(arguments: Namespace) -> int:
    service = find_target(arguments.app).service()
    with holding_database(service.settings) as server:
        settings = service.settings
        if server is not None:
            settings = settings.with_values(database_url=server.url)
        if arguments.history:
            return _show_history(settings, arguments)
        return asyncio.run(_connected(service.schema, settings, arguments))


def _show_history(settings: Settings, arguments: Namespace) -> int:
    if arguments.json:
        say_json(history_document(settings))
    else:
        for line in history_lines(settings):
            say(line)
    return 0


async def _connected(schema: Schema, settings: Settings, arguments: Namespace) -> int:
    pool = await open_pool(settings.database_url, settings)
    try:
        if arguments.check:
            document, lines, kept = await checked_lines(pool, settings, arguments)
            _show(document, lines, arguments)
            return 0 if kept else 1
        options = AdviseOptions(
            arguments.operation,
            arguments.top,
            arguments.write_share,
            arguments.what_if,
            arguments.what_if_drop,
        )
        report = await advise(pool, schema, settings, options)
        measuring = measured_report(pool, schema, settings, report, arguments)
        report, evaluation, emitted = await measuring
    finally:
        await pool.close()
    document = report_document(report)
    add_measurements(document, evaluation, emitted)
    if not options.hypothetical:
        # The page shows advice, not a change that the user had in mind.
        write_advice(settings.data_dir, document)
    _show(document, (*advice_lines(document), *measured_lines(document)), arguments)
    return 1 if report.advice and not options.hypothetical else 0


def _show(document: Mapping[str, Any], lines: Iterable[str], arguments: Namespace) -> None:
    if arguments.json:
        say_json(document)
        return
    for line in lines:
        say(line)
