"""Check of settings against PostgreSQL's own programs, without a start."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fraiseql.errors import EmbeddedServerError

_COPIED: Final = ("postgresql.conf", "postgresql.auto.conf", "PG_VERSION", "global/pg_control")
_SECONDS: Final = 60


def shared_memory_size(data: Path, programs: Path, values: Mapping[str, str]) -> int:
    """Return the bytes of shared memory that a server would allocate with other settings.

    PostgreSQL reads a copy of the configuration and loads the libraries; it allocates nothing, so
    that a size that is too large for the machine is no error here.

    Args:
        data: Data directory, of a server that may run.
        programs: Directory of its programs.
        values: Settings that replace those of the configuration.

    Raises:
        EmbeddedServerError: PostgreSQL refuses the settings.
    """
    with tempfile.TemporaryDirectory(prefix="fraiseql-check-") as folder:
        scratch = Path(folder) / "data"
        (scratch / "global").mkdir(parents=True)
        scratch.chmod(0o700)
        for name in _COPIED:
            if (data / name).exists():
                shutil.copy(data / name, scratch / name)
        options = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
        program = str(programs / "postgres")
        command = [program, "-C", "shared_memory_size", "-D", str(scratch), *options]
        result = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [*_isolated(scratch), *command],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    # Warnings come first; the number is the last line.
    lines = result.stdout.split()
    if result.returncode != 0 or not lines:
        raise EmbeddedServerError(
            f"PostgreSQL refuses the settings: {result.stderr.strip()}", code="EMBEDDED_START"
        )
    return int(lines[-1]) * 2**20


def _isolated(scratch: Path) -> list[str]:
    """Return the beginning of a command that does not run as root."""
    wrapper = str(Path(__file__).with_name("isolation.py"))
    return [sys.executable, "-I", "-S", wrapper, str(os.getpid()), json.dumps([str(scratch)])]
