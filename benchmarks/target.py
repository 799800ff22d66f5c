"""Target: what was aimed at, and what was found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A target of the design, with what was found.

    Attributes:
        step: What is measured.
        wanted: The target in words.
        found: The figure in words.
        hit: Whether the target is reached.
    """

    step: str
    wanted: str
    found: str
    hit: bool
