"""Commands in messages, as the reader can run them."""

import re
import shlex
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Final

NAMES: Final = (
    *("demo", "serve", "dev", "db", "refresh", "cache", "doctor", "tune", "trace", "dashboard"),
    *("advise", "bench", "schema", "explain"),
)
"""Names of the commands."""

PROGRAM: Final = "fraiseql"
_COMMAND: Final = re.compile(rf"(?<![\w./-]){PROGRAM}(?= (?:{'|'.join(NAMES)})\b)")
_APPLICATION: Final = re.compile(r"\bAPP\b")

_application: list[str] = []
"""The application that the command line names, if it does."""


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
    changed = _COMMAND.sub(lambda _: program(Path.cwd()), line)
    if _application and _COMMAND.search(line):
        changed = _APPLICATION.sub(lambda _: shlex.quote(_application[0]), changed)
    return changed


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
