"""``fraiseql tune``: settings of the server for its machine and its load."""

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Any, Final

from fraiseql.cli.output import say, say_json
from fraiseql.cli.sizes import size_argument
from fraiseql.cli.target import add_target, find_target
from fraiseql.cli.tune_output import tuning_document, tuning_lines
from fraiseql.database import open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.tune.facts import PROFILES, Overrides, load_facts
from fraiseql.operating.tune.formats import FORMATS
from fraiseql.operating.tune.proposals import SettingFilter, Tuning, propose
from fraiseql.operating.tune.storage import STORAGE_KINDS
from fraiseql.serving import Service
from fraiseql.settings import Settings

_EMBEDDED: Final = "embedded:"
_PROPOSED: Final = 1


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "tune", help="propose settings of the server; exits 1 if it has proposals"
    )
    add_target(parser)
    _add_inputs(parser)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these settings")
    parser.add_argument(
        "--except", nargs="+", default=[], metavar="NAME", dest="excluded", help="not these"
    )
    parser.add_argument(
        "--format",
        choices=("table", *FORMATS),
        default="table",
        help="print for reading (table), as SQL, as a configuration file, or for a provider",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


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
    service = find_target(arguments.app).service()
    tuning = asyncio.run(_tuned(service, arguments))
    _show(tuning, arguments)
    return _PROPOSED if tuning.proposals else 0


async def _tuned(service: Service, arguments: Namespace) -> Tuning:
    settings = service.settings
    chosen = SettingFilter(frozenset(arguments.only), frozenset(arguments.excluded))
    pool = await open_pool(settings.database_url, settings)
    try:
        count = settings.pool_size + settings.cache_connections
        facts = await load_facts(pool, _overrides(arguments, settings), count)
    finally:
        await pool.close()
    return propose(facts, chosen)


def _overrides(arguments: Namespace, settings: Settings) -> Overrides:
    return Overrides(
        memory=arguments.memory,
        cpus=arguments.cpus,
        share=arguments.share,
        storage=arguments.storage,
        profile=arguments.profile,
        connections=arguments.connections,
        embedded=settings.database_url == _EMBEDDED,
    )


def _show(tuning: Tuning, arguments: Namespace) -> None:
    document = tuning_document(tuning)
    if arguments.json:
        say_json(document)
    elif arguments.format == "table":
        for line in tuning_lines(document):
            say(line)
    elif tuning.proposals:
        for line in FORMATS[arguments.format](tuning.proposals):
            say(line)
