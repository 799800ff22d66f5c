"""Answers: one operation, asked live, of stored documents and of result caches."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import asyncpg
import pytest

from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.bootstrap import create_missing_tables
from fraiseql.caching.ddl.desired_state import DesiredState, load_desired_state
from fraiseql.caching.declared import check_stored
from fraiseql.caching.read_sources import read_sources
from fraiseql.caching.results.caches import ResultCaches
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import DeclarationError
from fraiseql.events import Timings
from fraiseql.schema import Schema, build_schema
from fraiseql.schema.cache import Cache
from fraiseql.schema.storage import MaterializedView, Projection
from fraiseql.serving import Request, Service
from fraiseql.serving.execution.stored_statement import StoredStatement
from fraiseql.serving.planning import stored_query
from fraiseql.settings import Settings
from fraiseql.sources import declared_relations
from tests.integration.serving.served import unnumbered
from tests.property.all_schemas import Stage, Statement
from tests.property.operations import Operation

STRATEGIES: Final = (Projection(max_bytes=10**6), MaterializedView(refresh="1h"))
"""Ways to store the documents of a type."""

_reads: Final[Counter[str]] = Counter()
"""Reads of stored documents, by the name of their type, while ``counted`` is in force."""

_AGED: Final = re.compile(rb',"extensions":\{"staleness":\[.*\]\}\}$')


@dataclass
class Answers:
    """One stage, served live, from stored documents, and from result caches.

    Attributes:
        services: By name.
        strategies: Of each type that is stored, by its name.
        refused: Codes of the refusals of each type that is not.
        outcomes: How result caches answered, and how many reads were of ``stored`` documents; each
            with the role of the request.
    """

    services: dict[str, Service]
    strategies: Mapping[str, Any]
    refused: Mapping[str, tuple[str, ...]]
    outcomes: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    async def ask(self, service: str, operation: Operation, context: Mapping[str, Any]) -> bytes:
        """Return the body of the response, without ages and without numbers of errors."""
        request = Request(operation.text, None, operation.variables)
        role, before = context.get("role"), _reads.total()
        response = await self.services[service].execute(request, dict(context), Timings())
        self.outcomes["stored", role] += _reads.total() - before
        if response.cached is not None:
            answers = response.cached.answers.values()
            self.outcomes.update((result.outcome, role) for result in answers)
        return unnumbered(_AGED.sub(b"}", bytes(response.body)))

    async def stop(self) -> None:
        """Close every connection."""
        for service in self.services.values():
            await service.stop()


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Have stored documents read wherever that can be; return the reads so far, by type."""
    rows = StoredStatement.rows

    async def counting(self: StoredStatement, *args: Any) -> list[Any] | None:
        fetched = await rows(self, *args)
        _reads[self.source.type_name] += fetched is not None
        return fetched

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_query, "_is_cheaper", lambda *_: True)
        patch.setattr(StoredStatement, "rows", counting)
        yield _reads


async def started(url: str, stage: Stage, grants: str, first: int) -> Answers:
    """Fill an empty database, store what can be stored, and serve it in every way.

    Args:
        url: Address of the database.
        stage: What is served.
        grants: SQL that runs once everything exists.
        first: Number of the strategy that types are stored by, if it is not refused.
    """
    schema = build_schema(types=stage.types, queries=stage.queries)
    tags = tuple(declared_relations(schema))
    cached = replace(schema, operation_caches=(Cache(),))
    await run(url, (stage.tables, ()), *stage.rows)
    pool = await open_pool(url, Settings())
    try:
        strategies, refused = await _chosen(schema, pool, first)
        stored = _with_stored(schema, strategies)
        await _apply(pool, await load_desired_state(_with_stored(cached, strategies), pool))
    finally:
        await pool.close()
    await run(url, (grants, ()))
    settings = Settings(
        database_url=url, max_complexity=10**9, max_aliases=10**4, worker=False, **stage.limits
    )
    services = {
        "live": Service(schema, settings),
        "stored": Service(stored, settings, read_sources),
        # What is cached is computed live, or from what is stored.
        "cached": Service(
            cached if first == 0 else _with_stored(cached, strategies),
            settings,
            read_sources,
            results=ResultCaches(settings, create_missing_tables),
            policy=lambda _name, _document: Cache(tags=tags),
        ),
    }
    for service in services.values():
        # Each document is read and validated once for all of them: the schema is the same.
        service._preparer.operations = services["live"]._preparer.operations
        await service.start()
    return Answers(services, strategies, refused)


async def run(url: str, *statements: Statement) -> None:
    """Run statements on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        for sql, values in statements:
            await connection.execute(sql, *values)
    finally:
        await connection.close()


def _with_stored(schema: Schema, strategies: Mapping[str, Any]) -> Schema:
    objects = {
        name: replace(object_, stored=strategies[name]) if name in strategies else object_
        for name, object_ in schema.objects.items()
    }
    return replace(schema, objects=objects)


async def _chosen(
    schema: Schema, pool: Pool, first: int
) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Return the strategy of each type that can be stored, and why others cannot."""
    chosen: dict[str, Any] = {}
    refused: dict[str, tuple[str, ...]] = {}
    for name, object_ in schema.objects.items():
        if object_.sql_source is None:
            continue
        for strategy in (*STRATEGIES[first:], *STRATEGIES[:first]):
            codes = await _refusals(_with_stored(schema, {**chosen, name: strategy}), pool)
            if not codes:
                chosen[name] = strategy
                refused.pop(name, None)
                break
            refused[name] = tuple(sorted({*refused.get(name, ()), *codes}))
    return chosen, refused


async def _refusals(schema: Schema, pool: Pool) -> tuple[str, ...]:
    try:
        check_stored(schema)
    except DeclarationError as error:
        return (error.code,)
    desired = await load_desired_state(schema, pool)
    return tuple(sorted({refusal.code for refusal in desired.refusals}))


async def _apply(pool: Pool, desired: DesiredState) -> None:
    assert desired.refusals == (), desired.refusals
    async with open_admin(pool) as writer:
        await apply(writer, desired)
