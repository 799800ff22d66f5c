"""Migration plan: the steps from the present to the desired state."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from fraiseql.caching.ddl.dependents import dependents, to_invalidate, to_rebuild
from fraiseql.caching.ddl.drift import Verdict, detect_drift
from fraiseql.caching.ddl.ledger import Key, LedgerEntry
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.base import Violation

Action = Literal["create", "replace", "rebuild", "drop"]


@dataclass(frozen=True, slots=True)
class Step:
    """Changes of one transaction, or one change outside of transactions.

    Attributes:
        action: ``create``; ``replace`` in place; ``rebuild``: drop and create again; ``drop``.
        dropped: Dropped objects, in order.
        created: Created objects, in order.
        reason: Reason of the change.
    """

    action: Action
    dropped: tuple[DatabaseObject, ...] = ()
    created: tuple[DatabaseObject, ...] = ()
    reason: str = ""

    @property
    def transactional(self) -> bool:
        """Whether all of it happens in one transaction."""
        return all(obj.transactional for obj in (*self.dropped, *self.created))

    @property
    def statements(self) -> tuple[str, ...]:
        """The SQL, in order."""
        drops = [text for obj in self.dropped for text in obj.drop]
        return (*drops, *(text for obj in self.created for text in obj.create))

    @property
    def declared(self) -> frozenset[str]:
        """The statements that contain SQL of a developer."""
        return frozenset(obj.declared for obj in self.created)

    @property
    def undo(self) -> tuple[str, ...]:
        """SQL that drops created objects; ``apply`` creates dropped ones again."""
        return tuple(text for obj in reversed(self.created) for text in obj.drop)

    @property
    def locks(self) -> tuple[str, ...]:
        """The locks, without duplicates."""
        found = [obj.lock for obj in (*self.dropped, *self.created) if obj.lock != "none"]
        return tuple(dict.fromkeys(found))

    @property
    def title(self) -> str:
        """The step in one line."""
        shown = self.created or self.dropped
        return f"{self.action} {', '.join(f'{obj.kind} {obj.name}' for obj in shown)}"


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """Every step, or the violations.

    Attributes:
        steps: In order.
        refusals: Violations; a plan with violations is not applied.
        ledger: Version of the ledger in the database, which is brought up to date first.
        states: State of every desired or applied object.
    """

    steps: tuple[Step, ...]
    refusals: tuple[Violation, ...] = ()
    ledger: int = 0
    states: tuple[Verdict, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there are no steps and no violations."""
        return not self.steps and not self.refusals


def make_plan(
    desired: Iterable[DatabaseObject],
    ledger: Mapping[Key, LedgerEntry],
    present: Mapping[Key, str],
    major: int,
    *,
    refusals: Iterable[Violation] = (),
    version: int = 0,
) -> MigrationPlan:
    """Return the steps that lead to ``desired``.

    Args:
        desired: Desired objects, dependencies first.
        ledger: Applied objects.
        present: Definition of each object that exists.
        major: PostgreSQL's major version: definitions written by another one are not compared.
        refusals: Violations of declarations.
        version: Version of the ledger.
    """
    objects = tuple(desired)
    verdicts = detect_drift(objects, ledger, present, major)
    states = {verdict.key: verdict for verdict in verdicts}
    refused = (*refusals, *(_taken(verdict) for verdict in verdicts if verdict.state == "taken"))
    rebuilt = to_rebuild(objects, states)
    gone = to_invalidate(objects, states, rebuilt)
    withdrawals = [
        Step("drop", (ledger[obj.key].as_object(),), reason=states[obj.key].reason or _DEPENDS)
        for obj in reversed(objects)
        if obj.key in gone
    ]
    states |= {key: replace(states[key], state="missing", reason=_DEPENDS) for key in gone}
    rebuilt -= gone
    waiting = dependents(objects, rebuilt) - rebuilt
    early = [obj for obj in objects if obj.key not in rebuilt | waiting]
    late = [obj for obj in objects if obj.key in waiting]
    steps = [
        *withdrawals,
        *_early_drops(objects, rebuilt, states, ledger),
        *(step for obj in early for step in _single(obj, states[obj.key])),
        *_groups(objects, rebuilt, states, ledger),
        *(
            step
            for obj in objects
            if obj.key in rebuilt and not obj.transactional
            for step in [_remade(obj, states[obj.key])]
        ),
        *(step for obj in late for step in _single(obj, states[obj.key])),
        *_drops(objects, ledger),
    ]
    return MigrationPlan(() if refused else tuple(_together(steps)), refused, version, verdicts)


def _together(steps: list[Step]) -> Iterator[Step]:
    """Join adjacent steps on triggers of one table, so that it is locked once."""
    for _, found in groupby(steps, key=_joined_by):
        group = list(found)
        if _joined_by(group[0]) is None or len(group) == 1:
            yield from group
            continue
        dropped = tuple(obj for step in group for obj in step.dropped)
        created = tuple(obj for step in group for obj in step.created)
        reasons = dict.fromkeys(step.reason for step in group)
        yield Step(group[0].action, dropped, created, "; ".join(reasons))


def _joined_by(step: Step) -> tuple[str, str] | None:
    objects = (*step.dropped, *step.created)
    tables = {obj.name.partition(" ON ")[2] for obj in objects if obj.kind == "trigger"}
    if len(tables) != 1 or any(obj.kind != "trigger" for obj in objects):
        return None
    return (step.action, tables.pop())


_DEPENDS = "an object that it depends on is rebuilt"


def _taken(verdict: Verdict) -> Violation:
    kind, name = verdict.key
    return Violation(
        "NAME_TAKEN",
        verdict.owner,
        f"there is a {kind} {name} already, which FraiseQL did not make.",
        "Rename or drop it, or declare another name; nothing that is not in the ledger is touched.",
    )


def _single(obj: DatabaseObject, verdict: Verdict) -> list[Step]:
    if verdict.state in ("unchanged", "taken"):
        return []
    if verdict.state == "missing":
        return [Step("create", created=(obj,), reason=verdict.reason)]
    return [Step("replace", created=(obj,), reason=verdict.reason)]


def _remade(obj: DatabaseObject, verdict: Verdict) -> Step:
    return Step("rebuild", (obj,), (obj,), verdict.reason or _DEPENDS)


def _early_drops(
    objects: tuple[DatabaseObject, ...],
    rebuilt: set[Key],
    states: Mapping[Key, Verdict],
    ledger: Mapping[Key, LedgerEntry],
) -> list[Step]:
    """Drop dependents of rebuilt objects that cannot be dropped in a transaction."""
    names = {obj.name for obj in objects if obj.key in rebuilt and obj.transactional}
    return [
        Step("drop", (ledger[obj.key].as_object(),), reason=_DEPENDS)
        for obj in reversed(objects)
        if obj.key in rebuilt
        and not obj.transactional
        and names.intersection(obj.needs)
        and obj.key in ledger
        and states[obj.key].state != "missing"
    ]


def _groups(
    objects: tuple[DatabaseObject, ...],
    rebuilt: set[Key],
    states: Mapping[Key, Verdict],
    ledger: Mapping[Key, LedgerEntry],
) -> list[Step]:
    """Rebuild objects and their dependents in one transaction."""
    groups: list[list[DatabaseObject]] = []
    for obj in objects:
        if obj.key not in rebuilt or not obj.transactional:
            continue
        joined = [g for g in groups if any(other.name in obj.needs for other in g)]
        merged = [*(other for g in joined for other in g), obj]
        groups = [*(g for g in groups if g not in joined), merged]
    return [_group(group, states, ledger) for group in groups]


def _group(
    group: list[DatabaseObject], states: Mapping[Key, Verdict], ledger: Mapping[Key, LedgerEntry]
) -> Step:
    dropped = [
        ledger[obj.key].as_object()
        for obj in reversed(group)
        if obj.key in ledger and obj.kind != "data"
    ]
    reasons = dict.fromkeys(
        f"{obj.name}: {states[obj.key].reason}" for obj in group if states[obj.key].reason
    )
    return Step("rebuild", tuple(dropped), tuple(group), "; ".join(reasons))


def _drops(objects: tuple[DatabaseObject, ...], ledger: Mapping[Key, LedgerEntry]) -> list[Step]:
    """Drop undeclared objects, dependents first."""
    desired = {obj.key for obj in objects}
    gone = [entry for key, entry in ledger.items() if key not in desired]
    ordered: list[LedgerEntry] = []
    while gone:
        needed = {need for entry in gone for need in entry.needs}
        # Objects without dependents can go; a circle, which apply never creates, goes as it is.
        free = [entry for entry in gone if entry.name not in needed] or gone
        ordered += reversed(free)
        gone = [entry for entry in gone if entry not in free]
    return [
        Step("drop", (entry.as_object(),), reason="it is no longer declared") for entry in ordered
    ]
