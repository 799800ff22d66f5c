"""A target and its measured figure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A target of the design, and the measured figure.

    Attributes:
        step: The measured step.
        goal: The target in words.
        figure: The figure in words.
        hit: Whether the target is reached.
    """

    step: str
    goal: str
    figure: str
    hit: bool
