"""Output: progress on standard error, results on standard output."""

import json
import sys
from collections.abc import Sequence
from typing import Any, Final

from fraiseql.cli.commands import runnable

NOT_RUN: Final = 2
"""Exit code of a command that could not run, where 1 means that it found something."""

_WIDTH: Final = 30


class Progress:
    """Progress: one changing line on a terminal, a line per step elsewhere.

    On standard error, so that standard output has only results.
    """

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._last = ""

    def __call__(self, step: str, share: float) -> None:
        """Show the current step, and the finished share from 0.0 to 1.0."""
        if self._live:
            filled = round(share * _WIDTH)
            bar = "#" * filled + "." * (_WIDTH - filled)
            line = f"\r  [{bar}] {share:4.0%}  {step:<30}"
            sys.stderr.write(line + ("\n" if share >= 1.0 else ""))
        elif step != self._last:
            sys.stderr.write(f"  {share:4.0%}  {step}\n")
        sys.stderr.flush()
        self._last = step


def say(text: str = "") -> None:
    """Write a line for the reader at once, also when the output is not a terminal.

    Commands in it are written so that the reader can run them.
    """
    say_data(runnable(text))


def say_data(text: str) -> None:
    """Write a line for a program: as it is."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Write a line on standard error, which is not part of the result."""
    sys.stderr.write(runnable(text) + "\n")
    sys.stderr.flush()


def say_json(value: Any) -> None:
    """Write a value as indented JSON."""
    say_data(json.dumps(value, indent=2, ensure_ascii=False))


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 statement`` and ``2 statements``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line of a table: the first column to the left, the others to the right."""
    first, *rest = zip(cells, widths, strict=True)
    parts = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return "  ".join(parts).rstrip()
