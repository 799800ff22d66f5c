"""Proposals: changes that the server allows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from fraiseql.errors import ConfigurationError
from fraiseql.expressions import literal
from fraiseql.naming import suggestion
from fraiseql.operating.tune import evidence_targets, planner_targets, size_targets
from fraiseql.operating.tune.facts import Facts
from fraiseql.operating.tune.target import SkippedSetting, TargetValue
from fraiseql.operating.tune.values import ServerSetting, Value
from fraiseql.operating.tune.worst_case import WorstCase, autovacuum_bytes, worst_case
from fraiseql.sizing.sizes import GB

NAMES: Final = (*size_targets.NAMES, *planner_targets.NAMES, *evidence_targets.NAMES)
"""All settings that may be proposed; no other is ever touched."""

_NEAR: Final = 0.1
"""Differences up to this share are not worth a change."""

_OWN_PLACES: Final = frozenset({"default", "configuration file", "override", "client", "session"})
"""Sources that a change of the configuration file replaces, or that are of this session."""

_LARGE_BUFFERS: Final = 8 * GB
_LISTS: Final = frozenset({"shared_preload_libraries"})


@dataclass(frozen=True)
class Proposal:
    """A setting to change.

    Attributes:
        target: The new value, its class and its reason.
        setting: The setting of the server.
        altered: Its value in ``postgresql.auto.conf``; None if it is not there.
    """

    target: TargetValue
    setting: ServerSetting
    altered: str | None = None

    @property
    def name(self) -> str:
        """Name of the setting."""
        return self.target.name

    @cached_property
    def old_text(self) -> str:
        """Value before the change."""
        return self.setting.text(self.setting.value)

    @cached_property
    def new_text(self) -> str:
        """Value after it."""
        return self.setting.text(self.target.value)

    @property
    def command(self) -> str:
        """The statement that makes the change."""
        return set_statement(self.name, self.new_text)

    @property
    def undo(self) -> str:
        """The statement that undoes it."""
        return restore_statement(self.name, self.altered)

    @property
    def risk(self) -> str:
        """Locks and interruptions of the change."""
        if self.setting.restart:
            return "works after a restart, which ends all connections; no lock, no rewrite"
        return "works after a reload, in about a second; no lock, no rewrite"


@dataclass(frozen=True, slots=True)
class Tuning:
    """The result.

    Attributes:
        facts: The inputs.
        proposals: Settings to change.
        candidates: Settings that change plans and were not measured.
        skipped: Settings for which nothing is proposed, with reasons.
        worst: Worst case of the memory with the proposals.
        pending: Settings whose new value waits for a restart.
        notes: Other advice.
    """

    facts: Facts
    proposals: tuple[Proposal, ...]
    candidates: tuple[Proposal, ...]
    skipped: tuple[SkippedSetting, ...]
    worst: WorstCase
    pending: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingFilter:
    """Names of settings to look at.

    Attributes:
        only: Names; empty for all.
        excluded: Names to leave out.
    """

    only: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse names that no formula has."""
        for name in (*self.only, *self.excluded):
            if name not in NAMES:
                raise ConfigurationError(
                    f"There is no formula for the setting {name!r}.{suggestion(name, NAMES)}",
                    hint=f"Formulas exist for {', '.join(NAMES)}.",
                )

    def covers(self, name: str) -> bool:
        """Return whether to look at a setting."""
        return (not self.only or name in self.only) and name not in self.excluded


def propose(facts: Facts, chosen: SettingFilter = SettingFilter()) -> Tuning:
    """Compute the proposals.

    Args:
        facts: The inputs.
        chosen: The settings to look at.
    """
    checked = _Checked(facts, chosen.covers)
    checked.add(size_targets.size_targets(facts))
    new = checked.values
    buffers = int(_number(facts, new, "shared_buffers"))
    vacuum = autovacuum_bytes(
        round(facts.number("autovacuum_max_workers")),
        _number(facts, new, "autovacuum_work_mem"),
        _number(facts, new, "maintenance_work_mem"),
    )
    checked.add(evidence_targets.evidence_targets(facts, buffers, vacuum))
    checked.add(planner_targets.planner_targets(facts))
    worst = worst_case(facts, checked.values)
    return Tuning(
        facts,
        tuple(each for each in checked.proposals if each.target.kind != "planner"),
        tuple(each for each in checked.proposals if each.target.kind == "planner"),
        tuple(checked.skipped),
        worst,
        tuple(checked.pending),
        tuple(_notes(facts, buffers)),
    )


class _Checked:
    """Targets that the server takes, and the others with reasons."""

    def __init__(self, facts: Facts, covers: Callable[[str], bool]) -> None:
        self._facts = facts
        self._covers = covers
        self.proposals: list[Proposal] = []
        self.skipped: list[SkippedSetting] = []
        self.pending: list[str] = []

    @property
    def values(self) -> Mapping[str, Value]:
        """New values by name."""
        return {each.name: each.target.value for each in self.proposals}

    def add(self, targets: Iterable[TargetValue | SkippedSetting]) -> None:
        """Check targets in their order."""
        for target in targets:
            if not self._covers(target.name):
                continue
            if isinstance(target, SkippedSetting):
                self.skipped.append(target)
            else:
                self._check(target)

    def _check(self, target: TargetValue) -> None:
        setting = self._facts.settings.get(target.name)
        if setting is None or not _differs(target, setting):
            return
        altered = self._facts.altered.get(target.name)
        proposal = Proposal(target, setting, altered)
        if setting.pending and altered and same_text(target.name, altered, proposal.new_text):
            self.pending.append(target.name)
            self.skipped.append(SkippedSetting(target.name, f"{altered} waits for a restart"))
        elif fault := setting.fault(target.value):
            self.skipped.append(SkippedSetting(target.name, f"{proposal.new_text}: {fault}"))
        elif setting.source not in _OWN_PLACES:
            reason = f"would have no effect: its value comes from the {setting.source}"
            self.skipped.append(SkippedSetting(target.name, reason))
        else:
            self.proposals.append(proposal)


def _differs(target: TargetValue, setting: ServerSetting) -> bool:
    new, old = target.value, setting.value
    if isinstance(new, str) or isinstance(old, str) or isinstance(new, bool):
        return new != old
    if target.only_raise and old >= new:
        return False
    return abs(new - old) > _NEAR * max(abs(new), abs(old))


def _number(facts: Facts, new: Mapping[str, Value], name: str) -> float:
    value = new.get(name, facts.number(name))
    return 0.0 if isinstance(value, str) else float(value)


def _notes(facts: Facts, buffers: int) -> list[str]:
    notes = []
    if buffers >= _LARGE_BUFFERS:
        notes.append(
            "huge pages: as root, set vm.nr_hugepages to the number that"
            " `postgres -D DATA -C shared_memory_size_in_huge_pages` prints"
        )
    if facts.provider:
        notes.append(f"a managed server ({facts.provider}): ALTER SYSTEM is not allowed there")
    return notes


def same_text(name: str, first: str, second: str) -> bool:
    """Return whether two texts of a setting mean the same, as ALTER SYSTEM writes them."""
    if name in _LISTS:
        return size_targets.library_names(first) == size_targets.library_names(second)
    return first == second


def restore_statement(name: str, altered: str | None) -> str:
    """Return the ALTER SYSTEM statement that restores a line of ``postgresql.auto.conf``.

    Args:
        name: The setting.
        altered: Its value there; None if it was not there.
    """
    return f"ALTER SYSTEM RESET {name}" if altered is None else set_statement(name, altered)


def set_statement(name: str, value: str) -> str:
    """Return the ALTER SYSTEM statement of a value; the items of a list are quoted one by one."""
    items = size_targets.library_names(value) if name in _LISTS else [value]
    return f"ALTER SYSTEM SET {name} = {', '.join(map(literal, items)) or literal('')}"
