"""Remembering: the least that the serving pipeline can be given as result caches.

It keeps whatever is sound for ever, and says what it was asked: tests of how an operation is split
and joined need no more, and see what the interface carries.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from fraiseql.database import Pool
from fraiseql.results import CacheableField, CacheResult, Compute, FieldCache, FieldRequest
from fraiseql.schema import Schema


@dataclass
class FakeCaches:
    """Result caches that are a dict.

    Attributes:
        parts: Every part that a unit was made of.
        asks: Every question.
        kept: Values by everything that decides them.
        alter: What becomes of an answer before it is given.
    """

    parts: list[CacheableField] = field(default_factory=list)
    asks: list[FieldRequest] = field(default_factory=list)
    values: dict[Any, bytes] = field(default_factory=dict)
    alter: Callable[[CacheResult], CacheResult] = lambda answered: answered
    max_age: float = 0.0
    private: bool = False
    looks: int = 0
    running: bool = False

    async def start(self, schema: Schema, pool: Pool) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    async def refresh(self) -> None:
        self.looks += 1

    def field_cache(self, part: CacheableField) -> FieldCache | None:
        self.parts.append(part)
        return RememberingUnit(self, part)

    async def confirm(self, values: Sequence[Any]) -> list[CacheResult] | None:
        return None

    def replanned(self) -> None:
        pass

    def metrics(self) -> Sequence[str]:
        return [f"kept {len(self.values)}"]


@dataclass
class RememberingUnit:
    """One part of it."""

    results: FakeCaches
    part: CacheableField

    @property
    def max_age(self) -> float:
        return self.results.max_age

    @property
    def private(self) -> bool:
        return self.results.private

    def remembered(self, request: FieldRequest) -> None:
        return None

    async def answer(self, ask: FieldRequest, compute: Compute) -> CacheResult:
        self.results.asks.append(ask)
        used = {name: ask.variables.get(name, "-") for name in self.part.variables}
        said = orjson.dumps(used, option=orjson.OPT_SORT_KEYS)
        key = (self.part.text, self.part.freshness is None, said, ask.identity)
        value = self.results.values.get(key)
        if value is not None:
            return self.results.alter(result_of(value, ask))
        computed = await compute()
        if computed.cacheable:
            assert computed.value is not None
            self.results.values[key] = computed.value
        return CacheResult("miss", computed=computed, stored=computed.cacheable, detail="absent")


def result_of(value: bytes, ask: FieldRequest) -> CacheResult:
    """Return the answer that is a hit."""
    etag = sha256(value).hexdigest()[:32]
    if etag in ask.etags:
        return CacheResult("hit", unchanged=True, etag=etag)
    return CacheResult("hit", value=value, etag=etag)
