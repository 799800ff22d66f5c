"""Examination: all faults of one database, as its serving role sees them."""

import json
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError, DatabaseError
from fraiseql.operating.doctor.declared import cache_diagnoses, declared_diagnoses
from fraiseql.operating.doctor.facts import application_facts
from fraiseql.operating.doctor.fault import SEVERITIES, Diagnosis, Fault, Severity
from fraiseql.operating.doctor.faults import FAULTS, SQL_FAULTS
from fraiseql.operating.doctor.faults.declared import FAULTS as DECLARED
from fraiseql.operating.doctor.pooler_mode import pooler_diagnosis
from fraiseql.operating.doctor.redis_policy import redis_diagnoses
from fraiseql.operating.doctor.replicas import without_used
from fraiseql.operating.doctor.statement import statement
from fraiseql.operating.doctor.statement_texts import without_texts
from fraiseql.operating.doctor.thresholds import Thresholds
from fraiseql.operating.doctor.visibility import Clock, NotSeen, load_visibility
from fraiseql.schema import Schema
from fraiseql.settings import Settings

_STATEMENTS: Final = frozenset({"last_statement", "statement"})
_APART: Final = frozenset({"CACHE_NOT_ALLOWED", "POOLER_TRANSACTION_MODE", "REDIS_POLICY"})
"""Faults of declarations that are seen without the ledger."""

_BY_CODE = {fault.code: fault for fault in FAULTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an examination looks for.

    Attributes:
        only: Codes; empty for all.
        ignored: ``CODE`` or ``CODE:OBJECT`` to leave out.
        severity: The least severe to report.
        app: The application's name on the command line, for commands.
        deep: Whether to run the expensive checks too.
        memory: Bytes of the server's memory, if it cannot be read.
        replicas: Addresses of all standbys, whose use of indexes counts.
        thresholds: Figures from which on a state is a fault.
    """

    only: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    severity: Severity = "info"
    app: str = "APP"
    deep: bool = False
    memory: int | None = None
    replicas: tuple[str, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)

    def covers(self, fault: Fault) -> bool:
        """Return whether to look for a fault."""
        wanted = not self.only or fault.code in self.only
        return wanted and fault.code not in self.ignored and (self.deep or not fault.deep)


@dataclass(frozen=True, slots=True)
class Examination:
    """The result.

    Attributes:
        role: Role that looked.
        diagnoses: Faults, the most severe first.
        not_seen: Faults that could not be looked for.
        ignored: Number of faults that were found and ignored.
    """

    role: str
    diagnoses: tuple[Diagnosis, ...]
    not_seen: tuple[NotSeen, ...] = ()
    ignored: int = 0


async def examine(
    pool: Pool,
    settings: Settings,
    scope: Scope = Scope(),
    schema: Schema | None = None,
    clock: Clock = time.time,
) -> Examination:
    """Look for the faults of a database.

    Args:
        pool: Connections of the role that looks.
        settings: Settings of the application.
        scope: What to look for.
        schema: Its declarations; None looks at the database alone.
        clock: The time of this process.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    try:
        visibility = await load_visibility(
            pool, replicas=bool(scope.replicas), memory=scope.memory, clock=clock
        )
    except ConfigurationError as error:
        return await _behind_pooler(settings, scope, error)
    covered = [fault for fault in FAULTS if scope.covers(fault)]
    not_seen = visibility.not_seen(covered)
    codes = {fault.code for fault in covered} - {each.code for each in not_seen}
    codes -= visibility.absent(covered)
    facts = await application_facts(settings, schema, pool) | {
        "thresholds": asdict(scope.thresholds),
        "memory": visibility.memory,
        "skew": visibility.skew,
        "app": scope.app,
    }
    diagnoses = await _from_sql(pool, codes, facts, visibility.statements)
    diagnoses = await without_used(diagnoses, scope.replicas, settings)
    if "REDIS_POLICY" in codes:
        full, unreadable = await redis_diagnoses(settings.redis_url)
        diagnoses, not_seen = [*diagnoses, *full], [*not_seen, *unreadable]
    if schema is not None:
        if "CACHE_NOT_ALLOWED" in codes and visibility.conditions["cache_statistics"] is not None:
            diagnoses += await cache_diagnoses(schema, pool, scope.app)
        declared, unreadable = await _from_declarations(
            pool, schema, scope, codes - _APART, datetime.fromtimestamp(clock(), UTC)
        )
        diagnoses, not_seen = [*diagnoses, *declared], [*not_seen, *unreadable]
    return _examination(visibility.role, scope, diagnoses, not_seen)


async def examine_application(
    schema: Schema, settings: Settings, pool: Pool, app: str = "APP"
) -> Examination:
    """Examine the database of a running application, without faults that its settings ignore.

    Args:
        schema: Its declarations.
        settings: Its settings.
        pool: Its connections.
        app: Its name on the command line, for commands.

    Raises:
        DatabaseError: The database cannot be read.
    """
    ignored = filter(None, map(str.strip, settings.doctor_ignore.split(",")))
    return await examine(pool, settings, Scope(ignored=frozenset(ignored), app=app), schema)


async def _behind_pooler(
    settings: Settings, scope: Scope, error: ConfigurationError
) -> Examination:
    """Return the fault of a pooler through which the application cannot connect.

    Raises:
        ConfigurationError: The error has another reason.
    """
    diagnosis = await pooler_diagnosis(settings)
    if diagnosis is None or not scope.covers(diagnosis.fault):
        raise error
    hidden = [
        NotSeen(fault.code, "the pooler lets no statement through")
        for fault in FAULTS
        if scope.covers(fault) and fault is not diagnosis.fault
    ]
    role = urlsplit(settings.database_url).username or "unknown"
    return _examination(role, scope, [diagnosis], hidden)


async def _from_declarations(
    pool: Pool, schema: Schema, scope: Scope, codes: set[str], now: datetime
) -> tuple[list[Diagnosis], list[NotSeen]]:
    covered = [fault.code for fault in DECLARED if fault.code in codes]
    if not covered:
        return [], []
    try:
        diagnoses = await declared_diagnoses(
            schema, pool, scope.app, scope.thresholds, now, deep=scope.deep
        )
    except DatabaseError as error:
        if error.code != "LEDGER_NOT_READABLE":
            raise
        return [], [NotSeen(code, f"{error.message} {error.hint}") for code in covered]
    return [each for each in diagnoses if each.fault.code in codes], []


async def _from_sql(
    pool: Pool, codes: Container[str], facts: Mapping[str, Any], statements: str | None
) -> list[Diagnosis]:
    faults = [each for each in SQL_FAULTS if each.fault.code in codes]
    if not faults:
        return []
    sql = statement(faults, pool.server_version // 10_000, statements)
    return [_diagnosis(row) for row in await pool.inspect(sql, [json.dumps(facts)])]


def _diagnosis(row: Any) -> Diagnosis:
    return Diagnosis(
        _BY_CODE[row["code"]],
        row["object"],
        row["severity"],
        _evidence(row["evidence"]),
        tuple(row["command"]),
        tuple(row["undo"]),
    )


def _evidence(text: str) -> Mapping[str, Any]:
    """Return the evidence of a finding; statements in it without values, which may be secrets."""
    evidence: Mapping[str, Any] = json.loads(text)
    return {
        name: without_texts(value) if name in _STATEMENTS and value else value
        for name, value in evidence.items()
    }


def _examination(
    role: str, scope: Scope, diagnoses: Iterable[Diagnosis], not_seen: Sequence[NotSeen]
) -> Examination:
    explained = _first_of_groups(diagnoses)
    reported = [
        each for each in explained if f"{each.fault.code}:{each.object}" not in scope.ignored
    ]
    least = SEVERITIES.index(scope.severity)
    ranked = sorted(
        (each for each in reported if SEVERITIES.index(each.severity) <= least),
        key=lambda each: (SEVERITIES.index(each.severity), each.fault.code, each.object),
    )
    return Examination(role, tuple(ranked), tuple(not_seen), len(explained) - len(reported))


def _first_of_groups(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Return one diagnosis for each object and group: that of the first fault."""
    order = {fault.code: place for place, fault in enumerate(FAULTS)}
    first: dict[tuple[str, str], Diagnosis] = {}
    for each in sorted(diagnoses, key=lambda diagnosis: order[diagnosis.fault.code]):
        first.setdefault((each.fault.group or each.fault.code, each.object), each)
    return list(first.values())
