"""SVG plots of bars on a logarithmic axis."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, LABEL, VALUE, BAR, GAP, HEAD = 860, 190, 96, 17, 6, 40
OURS, PEER, LIMIT = "#0f766e", "#94a3b8", "#b45309"
FONT = "font-family='system-ui, sans-serif'"


def bars(
    title: str,
    panels: Mapping[str, Mapping[str, float]],
    unit: str,
    colours: Mapping[str, str],
) -> str:
    """Draw a panel of horizontal bars for each entry of ``panels``.

    Args:
        title: Above the panels, and for screen readers.
        panels: Title of each panel, with the value of each bar; values are positive.
        unit: Unit of the values.
        colours: Colour of each bar, by its name.
    """
    values = [value for panel in panels.values() for value in panel.values()]
    low, high = _decades(values)
    parts, top = [], HEAD
    for name, panel in panels.items():
        parts += _panel(name, panel, (low, high), top, colours)
        top += 30 + len(panel) * (BAR + GAP) + 14
    parts += _axis(low, high, HEAD, top - 8, unit)
    size = f"viewBox='0 0 {WIDTH} {top + 24}' width='{WIDTH}' height='{top + 24}'"
    opening = f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' {FONT}>"
    shown = [f"<title>{escape(title)}</title>", _text(12, 22, title, 15, "font-weight='600'")]
    background = "<rect width='100%' height='100%' fill='#ffffff'/>"
    return "\n".join([opening, background, *shown, *parts, "</svg>", ""])


def _text(x: float, y: float, text: str, size: int = 12, more: str = "") -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' font-size='{size}'"
    return f"<text {place} fill='#1f2937' {more}>{escape(text)}</text>"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low = math.floor(math.log10(min(values)))
    return low, max(math.ceil(math.log10(max(values))), low + 1)


def _at(value: float, span: tuple[int, int]) -> float:
    low, high = span
    return LABEL + (math.log10(value) - low) / (high - low) * (WIDTH - LABEL - VALUE)


def _panel(
    name: str,
    panel: Mapping[str, float],
    span: tuple[int, int],
    top: int,
    colours: Mapping[str, str],
) -> list[str]:
    parts = [_text(12, top + 18, name, 13, "font-weight='600'")]
    for index, (label, value) in enumerate(panel.items()):
        y = top + 28 + index * (BAR + GAP)
        end = _at(value, span)
        place = f"x='{LABEL}' y='{y}' width='{max(end - LABEL, 1):.1f}' height='{BAR}' rx='2'"
        parts += [
            _text(LABEL - 8, y + 13, label, 12, "text-anchor='end'"),
            f"<rect {place} fill='{colours.get(label, PEER)}'/>",
            _text(end + 6, y + 13, figure(value)),
        ]
    return parts


def _axis(low: int, high: int, top: int, bottom: int, unit: str) -> list[str]:
    parts = []
    for power in range(low, high + 1):
        x = _at(10.0**power, (low, high))
        line = f"x1='{x:.1f}' x2='{x:.1f}' y1='{top + 24}' y2='{bottom}'"
        parts.append(f"<line {line} stroke='#e5e7eb' stroke-dasharray='2 3'/>")
        parts.append(_text(x, bottom + 16, f"{10.0**power:,g} {unit}", 11, "text-anchor='middle'"))
    return parts


def figure(value: float) -> str:
    """Return ``value`` with three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{2 - math.floor(math.log10(value))}f}" if value > 0 else "0"
