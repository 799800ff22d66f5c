"""Tab of advice: the last output of ``fraiseql advise``."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fraiseql.operating.ops.tables import Cell, PageTable, TabContents

FILE: Final = "advice.json"
"""File below ``data_dir`` with the last output of ``fraiseql advise --json``."""

_LARGEST: Final = 1_000_000
_MOST: Final = 100
_NONE: Final = "There is no advice yet. It takes minutes, so it is computed on the command line."


async def advice_contents(data_dir: str, app: str) -> TabContents:
    """Return the contents of the tab.

    Args:
        data_dir: Directory of the file.
        app: The application's name on the command line.
    """
    file = Path(data_dir) / FILE
    commands = [
        ("Compute advice for this page", f"fraiseql advise {app} --json > {file}"),
        ("Read it on the command line", f"fraiseql advise {app}"),
    ]
    try:
        status = file.stat()
        text = file.read_text(encoding="utf-8") if status.st_size <= _LARGEST else ""
        value = json.loads(text)
    except FileNotFoundError:
        return TabContents(notes=[_NONE], commands=commands)
    except (OSError, ValueError):
        return TabContents(
            notes=[f"{file} contains no advice: compute it again."], commands=commands
        )
    at = datetime.fromtimestamp(status.st_mtime, UTC)
    table = PageTable("Advice", *_table(value))
    notes = [f"Computed at {at:%Y-%m-%d %H:%M} UTC. This page changes nothing: copy the commands."]
    return TabContents([table], notes, commands)


def _table(value: Any) -> tuple[dict[str, Any], list[list[Cell]]]:
    """Return columns and rows of the list of advice, whatever its entries contain."""
    lists = [value] if isinstance(value, list) else list(value.values())
    entries = next((each for each in lists if isinstance(each, list) and each), [])
    flat = [_flat(entry) for entry in entries[:_MOST] if isinstance(entry, dict)]
    names = list(dict.fromkeys(name for entry in flat for name in entry))
    columns = {name: "code" if _is_code(name) else "text" for name in names}
    return columns, [[entry.get(name) for name in names] for entry in flat]


def _flat(entry: dict[str, Any], prefix: str = "") -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for name, value in entry.items():
        if isinstance(value, dict):
            cells |= _flat(value, f"{prefix}{name} ")
        elif isinstance(value, list):
            cells[prefix + name] = "\n".join(map(str, value))
        elif value is None or isinstance(value, str | int | float):
            cells[prefix + name] = value
    return cells


def _is_code(name: str) -> bool:
    return name.rpartition(" ")[2] in {"ddl", "undo", "declaration"}
