"""Tab of advice: the last output of ``fraiseql advise``."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fraiseql.events import logger
from fraiseql.operating.ops.tables import Cell, Columns, PageTable, TabContents, rounded

FILE: Final = "advice.json"
"""File below ``data_dir`` with the last document of ``fraiseql advise``."""

_LARGEST: Final = 1_000_000
_MOST: Final = 100
_NONE: Final = "There is no advice yet. It takes minutes, so it is computed on the command line."
_COLUMNS: Final[Columns] = {
    "change": "code",
    "of": "text",
    "operations": "text",
    "of traced time %": "number",
    "predicted": "text",
    "statements": "code",
    "undo": "code",
    "lock": "text",
}
_LEFT: Final[Columns] = {"operations": "text", "mean ms": "number", "leave it as it is": "text"}


async def advice_contents(data_dir: str, app: str) -> TabContents:
    """Return the contents of the tab.

    Args:
        data_dir: Directory of the file.
        app: The application's name on the command line.
    """
    file = Path(data_dir) / FILE
    commands = [("Compute advice", f"fraiseql advise {app}")]
    try:
        status = file.stat()
        text = file.read_text(encoding="utf-8") if status.st_size <= _LARGEST else ""
        document = json.loads(text)
        tables = [
            PageTable("Advice", _COLUMNS, [_advice(each) for each in document["advice"][:_MOST]]),
            PageTable("Left", _LEFT, [_left(each) for each in document["left"][:_MOST]]),
        ]
        tables = [table for table in tables if table.rows]
    except FileNotFoundError:
        return TabContents(notes=[_NONE], commands=commands)
    except (OSError, ValueError, TypeError, LookupError):
        note = f"{file} contains no advice of this version: compute it again."
        return TabContents(notes=[note], commands=commands)
    at = datetime.fromtimestamp(status.st_mtime, UTC)
    notes = [
        f"Computed at {at:%Y-%m-%d %H:%M} UTC. This page changes nothing: copy the commands.",
        *map(str, document.get("notes", ())),
    ]
    return TabContents(tables, notes, commands)


def write_advice(data_dir: str, document: Any) -> None:
    """Write a document of ``fraiseql advise`` for the page; logged if it cannot be written.

    Args:
        data_dir: Directory of the file.
        document: The document that ``--json`` prints.
    """
    try:
        Path(data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
        (Path(data_dir) / FILE).write_text(json.dumps(document), encoding="utf-8")
    except OSError as error:
        logger.info("The advice cannot be stored for the ops page: %s", error)


def _advice(advice: Mapping[str, Any]) -> list[Cell]:
    option, declaration = advice["option"], advice["declaration"] or advice["kind"]
    predicted = [
        f"{each['operations']}: {each['before_ms']:.2f} -> {each['after_ms']:.2f} ms"
        f" ({each['low']:.1f} to {each['high']:.1f} times)"
        for each in advice["statements"]
    ]
    return [
        f"{option}={declaration}" if option else declaration,
        advice["target"],
        "\n".join(str(each["operations"]) for each in advice["statements"]),
        rounded(100 * advice["saved_share"]),
        "\n".join(predicted),
        "\n".join(advice["command"]),
        "\n".join(advice["undo"]),
        advice["lock"],
    ]


def _left(left: Mapping[str, Any]) -> list[Cell]:
    return [str(left["operations"]), rounded(left["mean_ms"]), left["reason"]]
