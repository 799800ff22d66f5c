"""``fraiseql``: the command line's entry point.

Exit codes: 0 done, 1 a difference or failure, 2 wrong usage. Where 1 means findings, failures
are 2.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from fraiseql.cli import (
    advise,
    bench,
    cache,
    dashboard,
    db,
    demo,
    doctor,
    explain,
    init,
    refresh,
    schema,
    serve,
    trace,
    tune,
)
from fraiseql.cli.commands import runnable, use_application, use_names
from fraiseql.errors import ConfigurationError, DatabaseUnavailable, FraiseQLError

_FAILED = 1
_MISUSED = 2
_INTERRUPTED = 130
_CUT = 141
_COMMANDS = (
    *(init, demo, serve, db, refresh, cache),
    *(doctor, tune, advise, trace, dashboard, bench, schema, explain),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Words after the program's name; those of the process when None.

    Returns:
        The exit code.
    """
    arguments = make_parser().parse_args(argv)
    use_application(getattr(arguments, "app", None))
    try:
        code: int = arguments.run(arguments)
    except ConfigurationError as error:
        return _complain(error, _MISUSED)
    except FraiseQLError as error:
        return _complain(error, getattr(arguments, "failed", _FAILED))
    except BrokenPipeError:
        # The reader closed the pipe; without this Python would complain as it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CUT
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="fraiseql", description="GraphQL from PostgreSQL.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"fraiseql {version('fraiseql')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in _COMMANDS:
        module.add_to(commands)
    use_names(commands.choices)
    return parser


def _complain(error: FraiseQLError, code: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"fraiseql: {runnable(str(error))}\n")
    if isinstance(error, DatabaseUnavailable) and error.__cause__ is not None:
        sys.stderr.write(f"  The driver says: {error.__cause__}\n")
    return code
