"""``fraiseql explain``: how an operation is answered."""

from typing import Any


def add_to(commands: Any) -> None:
    """Add the command."""
    del commands
