"""Published claims, each with the figure that measures it."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

Verdict = Literal[
    "holds",
    "faster than said",
    "slower than said",
    "more than said",
    "less than said",
    "cannot be had as written",
    "can be had",
    "not comparable",
    "not measured",
]

NOT_COMPARABLE: Final = "not_comparable"
"""Figure of claims that this command cannot measure; they give the reason."""

SQLSTATE: Final = "SQLSTATE"
"""Unit of claims that a statement works: the figure is the error, or an empty text."""

_LOAD_FREE: Final = ("tune_", "partial_size_")
"""Beginnings of the figures that are no times."""

_TIME_MARGIN: Final = 1.25
_RATIO_MARGIN: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A line with a figure.

    Attributes:
        id: Its stable name.
        section: Where it is written.
        quote: The line.
        figure: Name of the measured figure.
        unit: ``ms``, ``x``, ``%``, ``MB``, ``1/s``, or ``SQLSTATE``.
        low: Least claimed value.
        high: Largest claimed value.
        reason: Why it cannot be compared.
    """

    id: str
    section: str
    quote: str
    figure: str
    unit: str
    low: float = 0.0
    high: float = 0.0
    reason: str = ""

    @property
    def needs_idle_machine(self) -> bool:
        """Whether its figure depends on the load: not for sizes, settings and statements."""
        return self.unit != SQLSTATE and not self.figure.startswith(_LOAD_FREE)

    @property
    def text(self) -> str:
        """The claimed value."""
        if self.unit == SQLSTATE:
            return "works"
        values = dict.fromkeys((f"{self.low:g}", f"{self.high:g}"))
        return "-".join(values) + ("" if self.unit in ("x", "%") else " ") + self.unit

    def verdict(self, value: float | str | None) -> Verdict:
        """Compare with a measured value.

        Args:
            value: The figure; the code of an error, or an empty text, for ``SQLSTATE``; None if it
                was not measured.
        """
        if self.figure == NOT_COMPARABLE:
            return "not comparable"
        if value is None:
            return "not measured"
        if isinstance(value, str):
            return "cannot be had as written" if value else "can be had"
        return self._time(value) if self.unit == "ms" else self._ratio(value)

    def _time(self, value: float) -> Verdict:
        if value > self.high * _TIME_MARGIN:
            return "slower than said"
        return "faster than said" if value < self.low / _TIME_MARGIN else "holds"

    def _ratio(self, value: float) -> Verdict:
        if value > self.high * _RATIO_MARGIN:
            return "more than said"
        return "less than said" if value < self.low / _RATIO_MARGIN else "holds"


def load_claims() -> tuple[Claim, ...]:
    """Return all claims in their order."""
    source = resources.files("fraiseql.operating.bench").joinpath("claims.toml")
    return tuple(Claim(**each) for each in tomllib.loads(source.read_text("utf-8"))["claim"])
