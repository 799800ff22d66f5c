"""Commands in messages, as the reader can run them."""

import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

PROGRAM: Final = "fraiseql"
_COMMAND: Final = re.compile(rf"(?<![\w./-]){PROGRAM}(?= ([a-z]+)\b)")
_WITHOUT: Final = re.compile(
    rf"(?<![\w./-]){PROGRAM} (?:(?:db|cache|trace) [a-z]+|doctor|tune|advise|refresh)(?=[.,;:)`]|$)"
)
"""A command at the end of a clause, that needs the application and does not name it."""

_APPLICATION: Final = re.compile(r"\bAPP\b")

_names: set[str] = set()
"""Names of the commands."""

_application: list[str] = []
"""The application that the command line names, if it does."""


def use_names(names: Iterable[str]) -> None:
    """Take only these words after the program for commands."""
    _names.update(names)


def use_application(name: str | None) -> None:
    """Write this name in place of ``APP`` in further commands; None for no name."""
    _application[:] = [] if name is None else [name]


def runnable(text: str) -> str:
    """Return a text whose commands run as they are written.

    Where the shell does not find the program, such as in an environment that is not activated, it
    is written with its path.
    """
    return "\n".join([_line(line) for line in text.split("\n")])


def _line(line: str) -> str:
    if not any(match[1] in _names for match in _COMMAND.finditer(line)):
        return line
    if _application:
        name = shlex.quote(_application[0])
        line = _WITHOUT.sub(lambda command: f"{command[0]} APP", line)
        line = _APPLICATION.sub(lambda _: name, line)
    return _COMMAND.sub(lambda match: _program_of(match[0], match[1]), line)


def _program_of(text: str, command: str) -> str:
    return program(Path.cwd()) if command in _names else text


@cache
def program(folder: Path) -> str:
    """Return the program as a shell in a folder finds it."""
    # Not resolved: the interpreter of an environment is a link to one without the package.
    own = (Path.cwd() / sys.executable).parent / PROGRAM
    found = shutil.which(PROGRAM)
    if found is not None and (not own.exists() or Path(found).resolve() == own.resolve()):
        return PROGRAM
    if not own.exists():
        return f"{shlex.quote(sys.executable)} -m fraiseql.cli"
    return shlex.quote(str(own.relative_to(folder) if own.is_relative_to(folder) else own))
