"""Restart of the embedded server, rolled back if it does not start."""

import os
from pathlib import Path
from typing import Final

from fraiseql.database.embedded import EmbeddedServer, restart_embedded, start_embedded
from fraiseql.errors import ConfigurationError, EmbeddedServerError

_START_SECONDS: Final = 30.0
_FILE: Final = "postgresql.auto.conf"
_SAVED: Final = "auto.conf.before-tune"


def start_recovered(data_dir: Path | str) -> EmbeddedServer:
    """Start or join the embedded server, also after a restart that was killed half-way.

    Raises:
        EmbeddedServerError: It does not start, and no restart was interrupted.
    """
    try:
        return start_embedded(data_dir)
    except EmbeddedServerError as error:
        saved = list(Path(data_dir).glob(f"postgresql-*/{_SAVED}"))
        if error.code != "EMBEDDED_START" or len(saved) != 1:
            raise
        _restore(saved[0].parent / "data")
        return start_embedded(data_dir)


def save_settings(data: Path) -> None:
    """Save the settings of ALTER SYSTEM, before they change.

    Args:
        data: Data directory of the embedded server.
    """
    saved = data.parent / _SAVED
    unfinished = saved.with_suffix(".new")
    unfinished.write_bytes((data / _FILE).read_bytes())
    unfinished.replace(saved)


def discard_saved(data: Path) -> None:
    """Remove the saved settings: the command ends, and the server runs."""
    (data.parent / _SAVED).unlink(missing_ok=True)


def restart_or_restore(data_dir: Path | str, data: Path) -> EmbeddedServer:
    """Restart the server; if it does not start, restore the saved settings and start it.

    Args:
        data_dir: Directory of the embedded server.
        data: Its data directory.

    Returns:
        A claim on the server.

    Raises:
        ConfigurationError: It was rolled back: ``TUNE_ROLLED_BACK``.
        EmbeddedServerError: It does not start with the saved settings either.
    """
    try:
        server = restart_embedded(data_dir, timeout=_START_SECONDS)
    except EmbeddedServerError as error:
        _restore(data)
        start_embedded(data_dir).close()
        raise ConfigurationError(
            f"The server did not start with the new settings, and runs with the old ones again."
            f" {error.message}",
            hint="Leave the setting out that the message names: --except NAME.",
            code="TUNE_ROLLED_BACK",
        ) from error
    discard_saved(data)
    return server


def _restore(data: Path) -> None:
    """Write the saved settings back, with the owner that the file has."""
    saved, file = data.parent / _SAVED, data / _FILE
    unfinished = file.with_suffix(".tune")
    unfinished.write_bytes(saved.read_bytes())
    unfinished.chmod(0o600)
    owner = data.stat()
    os.chown(unfinished, owner.st_uid, owner.st_gid)
    unfinished.replace(file)
    saved.unlink()
