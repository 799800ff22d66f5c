"""Mutants: one rule of validity is left out at a time, and the schedule that needs it finds it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from fraiseql.caching.changes import compaction
from fraiseql.caching.results import dependencies
from fraiseql.caching.results.stores import lookup
from fraiseql.caching.results.stores.lookup import RULES, Rule
from fraiseql.caching.results.stores.redis import validation
from tests.integration.caching.results.oracle.env import (
    KINDS,
    Filling,
    Kind,
    opened,
    reset_database,
)
from tests.integration.caching.results.schedules import schedules
from tests.integration.caching.results.schedules.actors import LISTS, asked, on_stage
from tests.integration.caching.results.schedules.schedules import Schedule

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is left out, how, and what finds it."""

    name: str
    damage: Callable[[Patch], None]
    found_by: Schedule
    kinds: tuple[Kind, ...] = ("unlogged", "redis")


def without(rule: str) -> Callable[[Patch], None]:
    def damage(patch: Patch) -> None:
        rest = {name: each for name, each in RULES.items() if name != rule}
        patch.setattr(lookup, "RULES", rest)

    return damage


def rule_with(name: str, old: str, new: str) -> Callable[[Patch], None]:
    def damage(patch: Patch) -> None:
        whole = RULES[name]
        assert old in whole.violated
        changed = Rule(whole.reason, whole.violated.replace(old, new))
        patch.setattr(lookup, "RULES", {**RULES, name: changed})

    return damage


def not_watched(patch: Patch) -> None:
    """The statement names nothing for whose sake its plan would be thrown away."""
    whole = dependencies.shape_expression  # type: ignore[attr-defined]

    def unnamed(objects: Sequence[int], prompt: str) -> str:
        named = whole(objects, prompt)
        detected = re.sub(r"ARRAY\['(.*?)'::oid\]", r"'{\1}'", named.replace("'::oid, '", ","))
        assert detected != named
        return detected

    patch.setattr(dependencies, "shape_expression", unnamed)
    patch.setattr(dependencies, "readable", lambda reads: "true")


def no_floor_raised(patch: Patch) -> None:
    patch.setattr(compaction, "_FLOORED", compaction._PLAIN)


def labelled_late(patch: Patch) -> None:
    """The label is the snapshot after computing, not the one of the look-up before it."""
    whole = Filling.put

    async def put(self: Filling) -> None:
        if self.lookup_result is not None and self.lookup_result.reason != "hit":
            await self.look()
        await whole(self)

    patch.setattr(Filling, "put", put)


MUTANTS = (
    Mutant("no look at the log", without("unseen_write"), schedules.written_while_filled),
    Mutant(
        "order of numbers, not visibility",
        rule_with(
            "unseen_write",
            "NOT pg_catalog.pg_visible_in_snapshot(i.xid, e.snap)",
            "i.xid >= pg_catalog.pg_snapshot_xmax(e.snap)",
        ),
        schedules.numbered_before_committed_after,
    ),
    Mutant("no look at the floor", without("low_watermark"), schedules.compacted_before_stored),
    Mutant("no floor raised", no_floor_raised, schedules.compacted_before_stored),
    Mutant("no shape", without("fingerprint"), schedules.redefined_view),
    Mutant("no shape of children", without("fingerprint"), schedules.partly_attached),
    Mutant("the plan does not watch", not_watched, schedules.redefined_unlearned),
    Mutant(
        "no home", without("wrong_relation"), schedules.restored_elsewhere, ("unlogged", "logged")
    ),
    Mutant(
        "not ahead",
        without("future_snapshot"),
        schedules.ahead_of_the_cluster,
        ("unlogged", "logged"),
    ),
    Mutant("no end", without("expired"), schedules.lived_too_long, ("unlogged", "logged")),
    Mutant("label after computing", labelled_late, schedules.written_while_filled),
)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_rule_is_needed(
    database: str, redis_url: str, monkeypatch: Patch, kind: Kind
) -> None:
    await reset_database(database, LISTS)
    survived = []
    for mutant in MUTANTS:
        with monkeypatch.context() as patch:
            mutant.damage(patch)
            if kind in mutant.kinds and not await detected(database, redis_url, kind, mutant):
                survived.append(mutant.name)
    assert survived == []


ATTEMPTS = 3
"""A plan that autovacuum throws away in the middle of a schedule hides a mutant once."""


async def detected(database: str, redis_url: str, kind: Kind, mutant: Mutant) -> bool:
    """Whether the schedule finds a wrong hit."""
    validation._sql.cache_clear()
    try:
        async with opened(database, LISTS, kind, redis_url) as env:
            await env.learn(asked(1).reads)
            async with on_stage(env) as stage:
                stage.number = 1_000 * (1 + MUTANTS.index(mutant))
                for _ in range(ATTEMPTS):
                    if await mutant.found_by(stage) != []:
                        return True
                return False
    finally:
        validation._sql.cache_clear()
