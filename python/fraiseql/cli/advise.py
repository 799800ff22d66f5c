"""``fraiseql advise``: changes of storage for the operations of the trace."""

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Any, Final

from fraiseql.cli.advise_output import advice_lines, report_document
from fraiseql.cli.output import say, say_json
from fraiseql.cli.target import add_target, find_target
from fraiseql.database import open_pool
from fraiseql.operating.advise.advising import AdviceReport, AdviseOptions, advise
from fraiseql.serving import Service

_TOP: Final = 10


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "advise",
        help="predict which indexes and stored documents make the traced operations faster; exits"
        " 1 if it has advice",
    )
    add_target(parser)
    _add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--operation", metavar="NAME", help="examine this operation only")
    parser.add_argument(
        "--top", type=_count, default=_TOP, metavar="N", help=f"most recommendations ({_TOP})"
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
    options = AdviseOptions(arguments.operation, arguments.top, arguments.write_share)
    report = asyncio.run(_advised(service, options))
    document = report_document(report)
    if arguments.json:
        say_json(document)
    else:
        for line in advice_lines(document):
            say(line)
    return 1 if report.advice else 0


async def _advised(service: Service, options: AdviseOptions) -> AdviceReport:
    pool = await open_pool(service.settings.database_url, service.settings)
    try:
        return await advise(pool, service.schema, service.settings, options)
    finally:
        await pool.close()
