"""States: how each object that is wanted or was made compares with what PostgreSQL has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fraiseql.caching.ddl.ledger import Entry, Key
from fraiseql.caching.dependencies.recorded import AS_RECORDED
from fraiseql.caching.objects import DatabaseObject

State = Literal["kept", "missing", "outdated", "altered", "unfinished", "taken", "undeclared"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one object.

    Attributes:
        key: Kind and name.
        owner: The declaration that wants it, or wanted it.
        state: ``kept`` is as it should be; ``missing``; ``outdated``: declared otherwise now;
            ``altered`` by somebody since; ``unfinished``: an apply was ended in the middle of it;
            ``taken``: another object has its name; ``undeclared``: made once, and not wanted now.
        reason: The same for the reader; empty for ``kept``.
        drift: Whether somebody else than ``apply`` brought it about.
    """

    key: Key
    owner: str
    state: State
    reason: str = ""
    drift: bool = False


def detect_drift(
    wanted: Iterable[DatabaseObject],
    ledger: Mapping[Key, Entry],
    present: Mapping[Key, str],
    major: int,
) -> tuple[Verdict, ...]:
    """Return the state of every object, wanted ones first."""
    objects = tuple(wanted)
    keys = {one.key for one in objects}
    verdicts = [_judged(one, ledger.get(one.key), present.get(one.key), major) for one in objects]
    gone = [
        Verdict(key, entry.owner, "undeclared", "it is no longer declared")
        for key, entry in ledger.items()
        if key not in keys
    ]
    return (*verdicts, *gone)


def _judged(one: DatabaseObject, entry: Entry | None, now: str | None, major: int) -> Verdict:
    if entry is None:
        return _unrecorded(one, now)
    if entry.state != "done":
        return Verdict(one.key, one.owner, "unfinished", "an earlier apply ended in the middle")
    if now is None and one.kind != "data":
        reason = "somebody dropped it"
        return Verdict(one.key, one.owner, "missing", reason, drift=True)
    if entry.digest != one.digest:
        return Verdict(one.key, one.owner, "outdated", "it is declared otherwise now")
    reason = _altered(one, entry, now, major)
    if reason:
        return Verdict(one.key, one.owner, "altered", reason, drift=True)
    return Verdict(one.key, one.owner, "kept")


def _unrecorded(one: DatabaseObject, now: str | None) -> Verdict:
    """Return the state of an object that no apply has made."""
    if now is None:
        return Verdict(one.key, one.owner, "missing", "it is new")
    if one.adopts:
        reason = "a worker made it, and no apply has recorded it"
        return Verdict(one.key, one.owner, "missing", reason)
    return Verdict(one.key, one.owner, "taken", "another object has its name")


def _altered(one: DatabaseObject, entry: Entry, now: str | None, major: int) -> str:
    """Return why an object is not as it was made; empty when it is."""
    if one.kind == "fingerprint":
        return "" if now == AS_RECORDED else f"changed since its documents were computed: {now}"
    same = entry.seen is None or entry.seen_by != major or entry.seen == now
    return "" if same else "somebody altered it"
