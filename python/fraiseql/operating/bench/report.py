"""Claims next to their measurements: rows, Markdown and a picture."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Any, Final

from fraiseql.operating.bench.claims import Claim
from fraiseql.operating.bench.sample import Sample

BUSY: Final = "the machine is busy"
_WIDTH: Final = 900
_LINE: Final = 18
_LABEL: Final = 420
_DECADES: Final = (-3.0, 3.0)


@dataclass(frozen=True, slots=True)
class Row:
    """A claim and its measurement.

    Attributes:
        claim: The claim.
        sample: The measured figure; None if it was not measured.
        quiet: Whether the machine was idle enough for a verdict.
    """

    claim: Claim
    sample: Sample | None
    quiet: bool = True

    @property
    def verdict(self) -> str:
        """The comparison; of times only on an idle machine."""
        if self.claim.needs_idle_machine and self.sample is not None and not self.quiet:
            return BUSY
        return self.claim.verdict(self.sample.value if self.sample else None)

    @property
    def measured(self) -> str:
        """The figure with its spread."""
        if self.sample is None:
            return self.claim.reason or "not on this server"
        value = self.sample.value
        if isinstance(value, str):
            return f"SQLSTATE {value}" if value else "works"
        spread = f" [{self.sample.low:.3g}-{self.sample.high:.3g}]" if self.sample.high else ""
        unit = self.claim.unit
        return f"{value:.3g}{spread}{'' if unit in ('x', '%') else ' '}{unit}"


def rows_of(claims: Sequence[Claim], samples: Mapping[str, Sample], *, quiet: bool) -> list[Row]:
    """Return each claim with its figure."""
    return [Row(claim, samples.get(claim.figure), quiet) for claim in claims]


def report_document(rows: Sequence[Row], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that ``--json`` prints and ``claims.json`` contains."""
    return {"version": 1, "machine": dict(machine), "claims": [_row_facts(row) for row in rows]}


def _row_facts(row: Row) -> dict[str, Any]:
    claim, sample = row.claim, row.sample
    return {
        "id": claim.id,
        "section": claim.section,
        "quote": claim.quote,
        "claim": claim.text,
        "unit": claim.unit,
        "figure": claim.figure,
        "method": sample.method if sample else claim.reason,
        "measured": sample.value if sample else None,
        "p5": sample.low if sample else None,
        "p95": sample.high if sample else None,
        "n": sample.count if sample else 0,
        "verdict": row.verdict,
    }


def markdown(rows: Sequence[Row], machine: Mapping[str, Any]) -> str:
    """Return the report as a page."""
    lines = ["# Claims and measurements", ""]
    lines += [f"- {name}: {value}" for name, value in machine.items()]
    lines += ["", "| id | claim | said | measured | n | verdict |", "|---|---|---|---|---|---|"]
    for row in rows:
        quote = row.claim.quote.strip("| ").replace("|", "\\|")
        count = row.sample.count if row.sample else 0
        lines.append(
            f"| {row.claim.id} | {quote} | {row.claim.text} | {row.measured} | {count}"
            f" | {row.verdict} |"
        )
    return "\n".join([*lines, ""])


def picture(rows: Sequence[Row]) -> str:
    """Return an SVG: the claimed range and the median of each time, on a logarithmic axis."""
    times = [
        (row, row.sample.value)
        for row in rows
        if row.claim.unit == "ms" and row.sample and isinstance(row.sample.value, float)
    ]
    height = (len(times) + 2) * _LINE
    size = f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>']
    for place, (row, value) in enumerate(times, 1):
        y = place * _LINE
        low, high = (_x(bound) for bound in (row.claim.low or row.claim.high / 10, row.claim.high))
        label = escape(f"{row.claim.id} {row.claim.quote.strip('| ')}"[:62])
        span = f'x1="{low:.0f}" x2="{high + 2:.0f}" y1="{y}" y2="{y}"'
        parts += [
            f'<text x="4" y="{y + 4}">{label}</text>',
            f'<line {span} stroke="#bbb" stroke-width="8"/>',
            f'<circle cx="{_x(value):.0f}" cy="{y}" r="4" fill="#06c"/>',
        ]
    parts.append(f'<text x="{_LABEL}" y="{height - 4}">grey: said; dot: measured; 0.001 ms</text>')
    parts.append(f'<text x="{_WIDTH - 60}" y="{height - 4}">1000 ms</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(milliseconds: float) -> float:
    first, last = _DECADES
    share = (log10(max(milliseconds, 10**first)) - first) / (last - first)
    return _LABEL + min(share, 1.0) * (_WIDTH - _LABEL - 20)


def as_json(document: Mapping[str, Any]) -> str:
    """Return a document as indented text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
