"""Layout: where the embedded server keeps what, and whether that place can be used.

Everything of one major version stands in ``<data_dir>/postgresql-<major>/``.
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
# sockaddr_un.sun_path is 108 bytes on Linux and 104 on macOS, its closing NUL included.
LONGEST_SOCKET_PATH: Final = 107 if os.uname().sysname == "Linux" else 103
DIRECTORY_CODE: Final = "EMBEDDED_DIRECTORY"
VERSION_CODE: Final = "EMBEDDED_VERSION"


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one embedded server.

    Attributes:
        directory: ``<data_dir>/postgresql-<major>``, absolute.
        socket_directory: Where the server's unix socket is; nobody else can enter it.
    """

    directory: Path
    socket_directory: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the server and its supervisor write."""
        return self.directory / "log"

    @property
    def record(self) -> Path:
        """JSON about the running server; there only while it accepts connections."""
        return self.directory / "server.json"

    @property
    def start_lock(self) -> Path:
        """Held by the one client that is joining or starting the server."""
        return self.directory / "start.lock"

    @property
    def claims_lock(self) -> Path:
        """Held shared by every client, for as long as it wants the server."""
        return self.directory / "claims.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor for its life."""
        return self.directory / "supervisor.lock"

    @property
    def server_lock(self) -> Path:
        """Held by every process of the server for its life."""
        return self.directory / "server.lock"


def prepare_layout(data_dir: Path, major: int) -> Layout:
    """Make the directory of one major version, and check that it can be used.

    Raises:
        EmbeddedServerError: It cannot be made or written, belongs to another user, or holds data
            of another major version.
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
    """Describe an operating system's refusal to keep data in ``directory``."""
    return EmbeddedServerError(
        f"The embedded PostgreSQL cannot keep its data in {directory}: {error.strerror or error}.",
        hint="Set FRAISEQL_DATA_DIR (or data_dir=) to a local directory that this user can write.",
        code=DIRECTORY_CODE,
    )


def _data_major(directory: Path) -> str | None:
    try:
        return (directory / "data" / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def _refuse_other_major(base: Path, directory: Path, major: int) -> None:
    """Refuse to begin an empty database beside one that these programs cannot read."""
    own = _data_major(directory)
    if own == str(major):
        return
    others = [] if own is not None else sorted(base.glob("postgresql-*"))
    for place in [directory, *others]:
        found = _data_major(place)
        if found is not None:
            raise EmbeddedServerError(
                f"{place / 'data'} holds data of PostgreSQL {found}, "
                f"but the programs at hand are PostgreSQL {major}.",
                hint=f"Use programs of PostgreSQL {found}; or dump with them (pg_dumpall), move "
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
    """Return a directory whose socket's path fits into an address, the same one every time."""
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()).resolve() / f"fraiseql-{digest}"
    for candidate in (directory / "socket", short):
        fits = len(os.fsencode(candidate / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH
        # Clients read a comma in a host as the end of it.
        if fits and "," not in str(candidate):
            return candidate
    raise EmbeddedServerError(
        f"The path of a socket in {short} would be longer than {LONGEST_SOCKET_PATH} bytes, "
        "which the operating system does not accept.",
        hint="Set FRAISEQL_DATA_DIR (or data_dir=), or TMPDIR, to a shorter path.",
        code=DIRECTORY_CODE,
    )
