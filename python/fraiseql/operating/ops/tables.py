"""Tables of the ops page, as JSON and as HTML without scripts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final, Literal

Kind = Literal["text", "number", "code"]
"""How a column is shown; ``code`` can be copied."""

Columns = Mapping[str, Kind]
"""Kinds of columns by their titles."""

Cell = str | int | float | None

_EMPTY: Final = "-"
_THOUSANDS: Final = 100


@dataclass(frozen=True, slots=True)
class PageTable:
    """One table of a tab.

    Attributes:
        title: Its title.
        columns: Kinds of the columns by their titles.
        rows: Its rows.
        note: Text below the title.
        keys: Ids of the rows for their details; empty without.
        detail: Name of the details that a row has: ``operation``, or empty.
        action: Action of a button in each row on its first cell: ``purge``, or empty.
    """

    title: str
    columns: Columns
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    keys: Sequence[str] = ()
    detail: str = ""
    action: str = ""

    def facts(self) -> dict[str, Any]:
        """Return it as a value of JSON."""
        facts: dict[str, Any] = {
            "title": self.title,
            "columns": [[title, kind] for title, kind in self.columns.items()],
            "rows": self.rows,
        }
        optional = {"note": self.note, "keys": self.keys}
        optional |= {"detail": self.detail, "action": self.action}
        return facts | {name: value for name, value in optional.items() if value}

    def html(self) -> Iterator[str]:
        """Yield it as lines of HTML."""
        yield f"<h3>{escape(self.title)}</h3>"
        if self.note:
            yield f"<p>{escape(self.note)}</p>"
        heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in self.columns)
        yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
        for row in self.rows:
            cells = zip(row, self.columns.values(), strict=True)
            shown = "".join(
                f'<td class="{kind}">{escape(shown_cell(cell))}</td>' for cell, kind in cells
            )
            yield f"<tr>{shown}</tr>"
        yield "</tbody></table>"


@dataclass(frozen=True, slots=True)
class TabContents:
    """The contents of a tab at one time.

    Attributes:
        tables: Its tables.
        notes: Texts above them: the scope of the figures, and missing parts.
        commands: Commands to copy, each with its purpose.
    """

    tables: Sequence[PageTable] = ()
    notes: Sequence[str] = ()
    commands: Sequence[tuple[str, str]] = field(default=())

    def facts(self) -> dict[str, Any]:
        """Return it as a value of JSON."""
        return {
            "notes": self.notes,
            "commands": self.commands,
            "tables": [table.facts() for table in self.tables],
        }


def contents_html(tabs: Iterable[tuple[str, TabContents]]) -> str:
    """Return the contents of tabs as HTML for browsers without scripts.

    Args:
        tabs: Title and contents of each.
    """
    lines: list[str] = []
    for title, contents in tabs:
        lines.append(f"<section><h2>{escape(title)}</h2>")
        lines += [f"<p>{escape(note)}</p>" for note in contents.notes]
        lines += [
            f"<p>{escape(purpose)}: <code>{escape(command)}</code></p>"
            for purpose, command in contents.commands
        ]
        for table in contents.tables:
            lines += table.html()
        lines.append("</section>")
    return "\n".join(lines)


def shown_cell(cell: Cell) -> str:
    """Return a cell as text: whole numbers and large ones with separators of thousands."""
    if cell is None:
        return _EMPTY
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= _THOUSANDS else f"{cell:,.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def rounded(value: float) -> float:
    """Return a figure with four digits: a page shows no more, and they cost bytes."""
    return float(f"{value:.4g}")
