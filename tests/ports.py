"""Ports of a process of the run, so that two processes never choose the same."""

import os
from typing import Final

_PROCESS: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10

FIRST_PORT: Final = 22_000 + 1_000 * _PROCESS
"""The first of a thousand below the ports of outgoing connections."""
