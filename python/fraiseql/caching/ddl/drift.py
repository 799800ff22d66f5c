"""Drift: differences between desired, recorded and present objects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fraiseql.caching.ddl.ledger import Key, LedgerEntry
from fraiseql.caching.dependencies.recorded import AS_RECORDED
from fraiseql.caching.objects import DatabaseObject

State = Literal["unchanged", "missing", "outdated", "altered", "unfinished", "taken", "undeclared"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one object.

    Attributes:
        key: Kind and name.
        owner: The declaration that it belongs or belonged to.
        state: ``unchanged``; ``missing``; ``outdated``: the declaration has changed;
            ``altered`` outside of FraiseQL; ``unfinished``: an apply was interrupted; ``taken``:
            another object has its name; ``undeclared``: no longer declared.
        reason: The same in words; empty for ``unchanged``.
        drift: Whether the change was made outside of FraiseQL.
    """

    key: Key
    owner: str
    state: State
    reason: str = ""
    drift: bool = False


def detect_drift(
    desired: Iterable[DatabaseObject],
    ledger: Mapping[Key, LedgerEntry],
    present: Mapping[Key, str],
    major: int,
) -> tuple[Verdict, ...]:
    """Return the state of every object, desired ones first."""
    objects = tuple(desired)
    keys = {obj.key for obj in objects}
    verdicts = [_judged(obj, ledger.get(obj.key), present.get(obj.key), major) for obj in objects]
    gone = [
        Verdict(key, entry.owner, "undeclared", "it is no longer declared")
        for key, entry in ledger.items()
        if key not in keys
    ]
    return (*verdicts, *gone)


def _judged(obj: DatabaseObject, entry: LedgerEntry | None, now: str | None, major: int) -> Verdict:
    if entry is None:
        return _unrecorded(obj, now)
    if entry.state != "done":
        return Verdict(obj.key, obj.owner, "unfinished", "an earlier apply ended in the middle")
    if now is None and obj.kind != "data":
        reason = "somebody dropped it"
        return Verdict(obj.key, obj.owner, "missing", reason, drift=True)
    if entry.digest != obj.digest:
        return Verdict(obj.key, obj.owner, "outdated", "it is declared otherwise now")
    reason = _altered(obj, entry, now, major)
    if reason:
        return Verdict(obj.key, obj.owner, "altered", reason, drift=True)
    return Verdict(obj.key, obj.owner, "unchanged")


def _unrecorded(obj: DatabaseObject, now: str | None) -> Verdict:
    """Return the state of an object without a record."""
    if now is None:
        return Verdict(obj.key, obj.owner, "missing", "it is new")
    if obj.adopts:
        reason = "it exists, and no apply has recorded it"
        return Verdict(obj.key, obj.owner, "missing", reason)
    return Verdict(obj.key, obj.owner, "taken", "another object has its name")


def _altered(obj: DatabaseObject, entry: LedgerEntry, now: str | None, major: int) -> str:
    """Return how an object differs from its record, or an empty string."""
    if obj.kind == "fingerprint":
        return "" if now == AS_RECORDED else f"changed since its documents were computed: {now}"
    same = entry.seen is None or entry.seen_by != major or entry.seen == now
    return "" if same else "somebody altered it"
