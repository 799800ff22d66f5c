"""``fraiseql``: the command line's entry point.

Exit codes: 0 done, 1 a difference or failure, 2 wrong usage. Where 1 means findings, failures
are 2.
"""

import argparse
import os
import select
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from fraiseql.cli.commands import runnable, use_application, use_names
from fraiseql.cli.registry import add_commands
from fraiseql.errors import ConfigurationError, DatabaseUnavailable, FraiseQLError

_FAILED = 1
_MISUSED = 2
_INTERRUPTED = 130
_CUT = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Words after the program's name; those of the process when None.

    Returns:
        The exit code.
    """
    try:
        try:
            return _run(sys.argv[1:] if argv is None else argv)
        finally:
            # Here, not as Python exits: then a closed pipe could no longer be handled.
            sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_left():
            raise
        # Without this Python would complain of it as it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CUT


def _reader_left() -> bool:
    """Return whether whatever read the standard output has closed it."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return bool(poll.poll(0))


def _run(words: Sequence[str]) -> int:
    # No option before the command has a value.
    chosen = next((word for word in words if not word.startswith("-")), "")
    arguments = make_parser(chosen).parse_args(words)
    use_application(getattr(arguments, "app", None))
    try:
        code: int = arguments.run(arguments)
    except ConfigurationError as error:
        return _complain(error, _MISUSED)
    except FraiseQLError as error:
        return _complain(error, getattr(arguments, "failed", _FAILED))
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


class _Version(argparse.Action):
    """Print the version, whose module other commands do not import."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        sys.stdout.write(f"fraiseql {import_module('importlib.metadata').version('fraiseql')}\n")
        parser.exit()


def make_parser(chosen: str | None = None) -> argparse.ArgumentParser:
    """Return the parser.

    Args:
        chosen: The command that will run, which alone has arguments; None for all commands.
    """
    parser = argparse.ArgumentParser(
        prog="fraiseql", description="GraphQL from PostgreSQL.", allow_abbrev=False
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show program's version number and exit"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_commands(commands, chosen)
    use_names(commands.choices)
    return parser


def _complain(error: FraiseQLError, code: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"fraiseql: {runnable(str(error))}\n")
    if isinstance(error, DatabaseUnavailable) and error.__cause__ is not None:
        sys.stderr.write(f"  The driver says: {error.__cause__}\n")
    return code
