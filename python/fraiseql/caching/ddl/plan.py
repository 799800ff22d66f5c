"""Plan: the steps from what is there to what is wanted; plain data that prints."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from fraiseql.caching.ddl.dependents import dependents, to_invalidate, to_rebuild
from fraiseql.caching.ddl.drift import Verdict, detect_drift
from fraiseql.caching.ddl.ledger import Entry, Key
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.base import Violation

Action = Literal["create", "replace", "rebuild", "drop"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done in one transaction, or outside of any.

    Attributes:
        action: ``create``; ``replace`` in place; ``rebuild``: dropped and made anew; ``drop``.
        dropped: What is dropped, in order.
        made: What is made, in order.
        reason: Why.
    """

    action: Action
    dropped: tuple[DatabaseObject, ...] = ()
    made: tuple[DatabaseObject, ...] = ()
    reason: str = ""

    @property
    def transactional(self) -> bool:
        """Whether all of it happens in one transaction."""
        return all(one.transactional for one in (*self.dropped, *self.made))

    @property
    def statements(self) -> tuple[str, ...]:
        """The SQL, in order."""
        drops = [text for one in self.dropped for text in one.drop]
        return (*drops, *(text for one in self.made for text in one.create))

    @property
    def declared(self) -> frozenset[str]:
        """Those of the statements that have SQL of a developer in them."""
        return frozenset(one.declared for one in self.made)

    @property
    def undo(self) -> tuple[str, ...]:
        """SQL that takes back what is made; what was dropped is made again by ``apply``."""
        return tuple(text for one in reversed(self.made) for text in one.drop)

    @property
    def locks(self) -> tuple[str, ...]:
        """The locks that are taken, each once."""
        found = [one.lock for one in (*self.dropped, *self.made) if one.lock != "none"]
        return tuple(dict.fromkeys(found))

    @property
    def title(self) -> str:
        """What is done, in one line."""
        shown = self.made or self.dropped
        return f"{self.action} {', '.join(f'{one.kind} {one.name}' for one in shown)}"


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """Every step, or why there can be none.

    Attributes:
        steps: In order.
        refusals: What is declared and cannot be had; a plan with refusals is not applied.
        ledger: Version of the ledger that is there; steps bring it to the present one first.
        states: State of every object that is wanted or was made.
    """

    steps: tuple[Step, ...]
    refusals: tuple[Violation, ...] = ()
    ledger: int = 0
    states: tuple[Verdict, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do and nothing to say."""
        return not self.steps and not self.refusals


def make_plan(
    wanted: Iterable[DatabaseObject],
    ledger: Mapping[Key, Entry],
    present: Mapping[Key, str],
    major: int,
    *,
    refusals: Iterable[Violation] = (),
    version: int = 0,
) -> MigrationPlan:
    """Return the steps that make ``wanted`` true.

    Args:
        wanted: In an order in which they can be made.
        ledger: What was made, by whom it was made.
        present: What PostgreSQL says of each object that is there.
        major: PostgreSQL's major version: definitions written by another one are not compared.
        refusals: What else cannot be had.
        version: Of the ledger.
    """
    objects = tuple(wanted)
    verdicts = detect_drift(objects, ledger, present, major)
    states = {verdict.key: verdict for verdict in verdicts}
    refused = (*refusals, *(_taken(verdict) for verdict in verdicts if verdict.state == "taken"))
    rebuilt = to_rebuild(objects, states)
    gone = to_invalidate(objects, states, rebuilt)
    withdrawals = [
        Step("drop", (ledger[one.key].as_object(),), reason=states[one.key].reason or _ANEW)
        for one in reversed(objects)
        if one.key in gone
    ]
    states |= {key: replace(states[key], state="missing", reason=_ANEW) for key in gone}
    rebuilt -= gone
    waiting = dependents(objects, rebuilt) - rebuilt
    early = [one for one in objects if one.key not in rebuilt | waiting]
    late = [one for one in objects if one.key in waiting]
    steps = [
        *withdrawals,
        *_early_drops(objects, rebuilt, states, ledger),
        *(step for one in early for step in _single(one, states[one.key])),
        *_groups(objects, rebuilt, states, ledger),
        *(
            step
            for one in objects
            if one.key in rebuilt and not one.transactional
            for step in [_remade(one, states[one.key])]
        ),
        *(step for one in late for step in _single(one, states[one.key])),
        *_drops(objects, ledger),
    ]
    return MigrationPlan(() if refused else tuple(_together(steps)), refused, version, verdicts)


def _together(steps: list[Step]) -> Iterator[Step]:
    """Join neighbours that do the same with triggers of one table: its lock is taken once."""
    for _, found in groupby(steps, key=_joined_by):
        group = list(found)
        if _joined_by(group[0]) is None or len(group) == 1:
            yield from group
            continue
        dropped = tuple(one for step in group for one in step.dropped)
        made = tuple(one for step in group for one in step.made)
        reasons = dict.fromkeys(step.reason for step in group)
        yield Step(group[0].action, dropped, made, "; ".join(reasons))


def _joined_by(step: Step) -> tuple[str, str] | None:
    objects = (*step.dropped, *step.made)
    tables = {one.name.partition(" ON ")[2] for one in objects if one.kind == "trigger"}
    if len(tables) != 1 or any(one.kind != "trigger" for one in objects):
        return None
    return (step.action, tables.pop())


_ANEW = "what it needs is made anew"


def _taken(verdict: Verdict) -> Violation:
    kind, name = verdict.key
    return Violation(
        "NAME_TAKEN",
        verdict.owner,
        f"there is a {kind} {name} already, which FraiseQL did not make.",
        "Rename or drop it, or declare another name; nothing that is not in the ledger is touched.",
    )


def _single(one: DatabaseObject, verdict: Verdict) -> list[Step]:
    if verdict.state in ("kept", "taken"):
        return []
    if verdict.state == "missing":
        return [Step("create", made=(one,), reason=verdict.reason)]
    return [Step("replace", made=(one,), reason=verdict.reason)]


def _remade(one: DatabaseObject, verdict: Verdict) -> Step:
    return Step("rebuild", (one,), (one,), verdict.reason or _ANEW)


def _early_drops(
    objects: tuple[DatabaseObject, ...],
    rebuilt: set[Key],
    states: Mapping[Key, Verdict],
    ledger: Mapping[Key, Entry],
) -> list[Step]:
    """Drop what cannot be dropped in a transaction and stands on what is made anew in one."""
    names = {one.name for one in objects if one.key in rebuilt and one.transactional}
    return [
        Step("drop", (ledger[one.key].as_object(),), reason=_ANEW)
        for one in reversed(objects)
        if one.key in rebuilt
        and not one.transactional
        and names.intersection(one.needs)
        and one.key in ledger
        and states[one.key].state != "missing"
    ]


def _groups(
    objects: tuple[DatabaseObject, ...],
    rebuilt: set[Key],
    states: Mapping[Key, Verdict],
    ledger: Mapping[Key, Entry],
) -> list[Step]:
    """Put what is made anew together with what stands on it: one transaction, nothing is missed."""
    groups: list[list[DatabaseObject]] = []
    for one in objects:
        if one.key not in rebuilt or not one.transactional:
            continue
        joined = [g for g in groups if any(other.name in one.needs for other in g)]
        merged = [*(other for g in joined for other in g), one]
        groups = [*(g for g in groups if g not in joined), merged]
    return [_group(group, states, ledger) for group in groups]


def _group(
    group: list[DatabaseObject], states: Mapping[Key, Verdict], ledger: Mapping[Key, Entry]
) -> Step:
    dropped = [
        ledger[one.key].as_object()
        for one in reversed(group)
        if one.key in ledger and one.kind != "data"
    ]
    reasons = dict.fromkeys(
        f"{one.name}: {states[one.key].reason}" for one in group if states[one.key].reason
    )
    return Step("rebuild", tuple(dropped), tuple(group), "; ".join(reasons))


def _drops(objects: tuple[DatabaseObject, ...], ledger: Mapping[Key, Entry]) -> list[Step]:
    """Drop what was made and is no longer wanted, what stands on it first."""
    wanted = {one.key for one in objects}
    gone = [entry for key, entry in ledger.items() if key not in wanted]
    ordered: list[Entry] = []
    while gone:
        needed = {need for entry in gone for need in entry.needs}
        # What nobody needs can go; a circle, which apply never makes, goes as it stands.
        free = [entry for entry in gone if entry.name not in needed] or gone
        ordered += reversed(free)
        gone = [entry for entry in gone if entry not in free]
    return [
        Step("drop", (entry.as_object(),), reason="it is no longer declared") for entry in ordered
    ]
