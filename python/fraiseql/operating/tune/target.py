"""Values that formulas ask for, not yet checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fraiseql.operating.tune.facts import Facts
from fraiseql.operating.tune.values import Value

SettingClass = Literal["size", "planner", "evidence"]
"""From inputs alone; measured before it is proposed; only where its symptom shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetValue:
    """A value that a formula asks for.

    Attributes:
        name: Name of the setting.
        value: The value: bytes, seconds, a number, a switch or a text.
        kind: Class of the setting.
        why: The formula with its inputs.
        evidence: Figures that it rests on.
        only_raise: Whether a larger present value stays.
    """

    name: str
    value: Value
    kind: SettingClass
    why: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    only_raise: bool = False


@dataclass(frozen=True, slots=True)
class SkippedSetting:
    """A setting for which nothing is proposed, and the reason."""

    name: str
    reason: str


Targets = Iterator[TargetValue | SkippedSetting]


def unknown_cpus(name: str, facts: Facts) -> SkippedSetting:
    """Return the reason of a formula that needs the number of processors."""
    return SkippedSetting(
        name, f"role {facts.role} may not read the number of processors: pass --cpus"
    )
