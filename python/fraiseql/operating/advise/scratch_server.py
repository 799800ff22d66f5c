"""Temporary embedded server, of which nothing remains."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fraiseql.database.embedded import EmbeddedServer, start_embedded
from fraiseql.errors import ConfigurationError, EmbeddedServerError

PREFIX: Final = "scratch-"
_CLEANER: Final = Path(__file__).with_name("scratch_cleaner.py")
_SECONDS: Final = 70


@contextmanager
def scratch_server(data_dir: Path | str) -> Iterator[EmbeddedServer]:
    """Run an empty embedded server in the block; afterwards it and its files are removed.

    They are removed too if this process is killed: by a program that waits for its end.

    Args:
        data_dir: Directory of the embedded server's data; the files contain copies of data, and
            stay in it.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: the server cannot be started.
    """
    try:
        parent = Path(data_dir)
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent)).resolve()
    except OSError as error:
        raise no_scratch(f"{data_dir}: {error.strerror or error}") from error
    with _removed(directory):
        try:
            server = start_embedded(directory, durable=False)
        except EmbeddedServerError as error:
            raise no_scratch(error.message) from error
        with server:
            yield server


@contextmanager
def _removed(directory: Path) -> Iterator[None]:
    """Remove the directory after the block."""
    command = [sys.executable, "-I", "-S", str(_CLEANER), str(directory)]
    # In a session of its own: an interrupt from the terminal must not end it.
    cleaner = subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        assert cleaner.stdin is not None  # noqa: S101 - it is a pipe
        cleaner.stdin.close()
        cleaner.wait(_SECONDS)


def no_scratch(reason: str) -> ConfigurationError:
    """Return the error of a scratch copy that cannot be made."""
    return ConfigurationError(
        f"No scratch copy can be made: {reason}.",
        hint="Predictions need none: leave --evaluate out. Or pass the address of a staging copy:"
        " --scratch postgresql://….",
        code="ADVISE_NO_SCRATCH",
    )
