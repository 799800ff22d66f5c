"""Files and directories of the embedded server.

The directory of a major version is ``<data_dir>/postgresql-<major>/``.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fraiseql.errors import EmbeddedServerError

PORT: Final = 5432
USER: Final = "postgres"
DATABASE: Final = "postgres"
# sockaddr_un.sun_path is 108 bytes on Linux and 104 on macOS, including the final NUL.
LONGEST_SOCKET_PATH: Final = 107 if os.uname().sysname == "Linux" else 103
DIRECTORY_CODE: Final = "EMBEDDED_DIRECTORY"
VERSION_CODE: Final = "EMBEDDED_VERSION"


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one embedded server.

    Attributes:
        directory: ``<data_dir>/postgresql-<major>``, absolute.
        socket_directory: Directory of the unix socket, which other users cannot enter.
    """

    directory: Path
    socket_directory: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The log of the server and its supervisor."""
        return self.directory / "log"

    @property
    def record(self) -> Path:
        """JSON about the running server; exists only while it accepts connections."""
        return self.directory / "server.json"

    @property
    def start_lock(self) -> Path:
        """Held by the client that joins or starts the server."""
        return self.directory / "start.lock"

    @property
    def claims_lock(self) -> Path:
        """Held shared by every client while it uses the server."""
        return self.directory / "claims.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor until it ends."""
        return self.directory / "supervisor.lock"


def prepare_layout(data_dir: Path, major: int) -> Layout:
    """Make and check the directory of a major version.

    Raises:
        EmbeddedServerError: It cannot be made or written, belongs to another user, or contains
            data of another major version.
    """
    base = Path(os.path.abspath(data_dir.expanduser())).resolve()  # noqa: PTH100 - must not exist yet
    directory = base / f"postgresql-{major}"
    try:
        _refuse_other_major(base, directory, major)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_other_owner(directory)
    except OSError as error:
        raise unusable_directory(directory, error) from error
    return Layout(directory, _socket_directory(directory))


def unusable_directory(directory: Path, error: OSError) -> EmbeddedServerError:
    """Return the error of a directory that the operating system refuses."""
    return EmbeddedServerError(
        f"The embedded PostgreSQL cannot store its data in {directory}: {error.strerror or error}.",
        hint="Set FRAISEQL_DATA_DIR (or data_dir=) to a local directory that this user can write.",
        code=DIRECTORY_CODE,
    )


def _data_major(directory: Path) -> str | None:
    try:
        return (directory / "data" / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def _refuse_other_major(base: Path, directory: Path, major: int) -> None:
    """Refuse to make a new database next to one that these programs cannot read."""
    own = _data_major(directory)
    if own == str(major):
        return
    others = [] if own is not None else sorted(base.glob("postgresql-*"))
    for place in [directory, *others]:
        other = _data_major(place)
        if other is not None:
            raise EmbeddedServerError(
                f"{place / 'data'} holds data of PostgreSQL {other}, "
                f"but the programs are PostgreSQL {major}.",
                hint=f"Use programs of PostgreSQL {other}; or dump with them (pg_dumpall), move "
                f"{place} away and restore; or delete {place} if the data is not needed.",
                code=VERSION_CODE,
            )


def _refuse_other_owner(directory: Path) -> None:
    data = directory / "data"
    user = os.geteuid()
    if user != 0 and data.exists() and data.stat().st_uid != user:
        raise EmbeddedServerError(
            f"{data} belongs to the user with uid {data.stat().st_uid}, and this is uid {user}.",
            hint="Run as that user, or set FRAISEQL_DATA_DIR (or data_dir=) to another directory.",
            code=DIRECTORY_CODE,
        )


def _socket_directory(directory: Path) -> Path:
    """Return a directory, always the same, whose socket path fits into an address."""
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()).resolve() / f"fraiseql-{digest}"
    for candidate in (directory / "socket", short):
        fits = len(os.fsencode(candidate / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH
        # Clients take a comma in a host as a separator.
        if fits and "," not in str(candidate):
            return candidate
    raise EmbeddedServerError(
        f"The path of a socket in {short} would be longer than {LONGEST_SOCKET_PATH} bytes, "
        "which the operating system does not accept.",
        hint="Set FRAISEQL_DATA_DIR (or data_dir=), or TMPDIR, to a shorter path.",
        code=DIRECTORY_CODE,
    )
