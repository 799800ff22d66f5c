"""Trace as JSON lines, for bug reports and other databases."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from fraiseql.database.writing import AdminConnection
from fraiseql.errors import ConfigurationError
from fraiseql.operating.trace.report import Read, check_installed

_HEAD: Final = {"fraiseql_trace": 1}
_KINDS: Final = {
    "operation": "SELECT to_jsonb(t) AS line FROM fraiseql.operation t ORDER BY id",
    "statement": "SELECT to_jsonb(t) AS line FROM fraiseql.operation_statement t ORDER BY id",
    "window": "SELECT to_jsonb(t) AS line FROM fraiseql.operation_window t"
    " ORDER BY at, process, operation, statement, source",
    "sample": "SELECT to_jsonb(t) AS line FROM fraiseql.operation_sample t"
    " ORDER BY statement, seen, process, place",
}
_WRITE: Final = "SELECT fraiseql.write_trace($1, $2)"
_DESCRIBE: Final = "SELECT fraiseql.describe_trace($1, $2, $3, $4)"
_PURGE: Final = "SELECT fraiseql.purge_trace($1) AS removed"

_NEEDED: Final = {
    "operation": frozenset({"id", "name", "document"}),
    "statement": frozenset({"id", "sql", "root"}),
    "window": frozenset(
        {"at", "operation", "statement", "source", "calls", "errors", "db_ms_sum"}
        | {"db_ms_buckets", "rows", "bytes", "total_ms_sum", "most_in_request"}
    ),
    "sample": frozenset({"statement", "seen", "parameters", "place"}),
}


async def exported(read: Read) -> AsyncIterator[str]:
    """Yield the lines of the trace: a head, then one line for each row.

    Args:
        read: Runs a statement.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: the database has no tables of the trace.
        DatabaseError: The role may not read them.
    """
    await check_installed(read)
    yield json.dumps(_HEAD)
    for kind, sql in _KINDS.items():
        for row in await read(sql, []):
            yield json.dumps({"kind": kind, **json.loads(row["line"])}, ensure_ascii=False)


async def import_lines(writer: AdminConnection, lines: Iterable[str]) -> Mapping[str, int]:
    """Write the lines of an export; writing them twice changes nothing. Return rows by kind.

    Args:
        writer: A connection of a role that may write the trace.
        lines: The lines.

    Raises:
        ConfigurationError: ``TRACE_FILE``: a line is no line of an export; ``TRACE_EMPTY``: the
            database has no tables of the trace.
        DatabaseError: The rows could not be written; none is.
    """
    rows = _parsed(list(lines))
    await check_installed(writer.read)
    process = f"import:{sha256(json.dumps(rows).encode()).hexdigest()[:16]}"
    windows = _merged(rows["window"])
    texts = [json.dumps(rows[kind]) for kind in ("operation", "statement", "sample")]
    async with writer.begun():
        await writer.fetch(_WRITE, process, json.dumps(windows))
        await writer.fetch(_DESCRIBE, process, *texts)
    return {kind: len(each) for kind, each in rows.items()}


async def purge(writer: AdminConnection) -> int:
    """Remove all that the trace contains; return the number of windows.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: the database has no tables of the trace.
        DatabaseError: The role may not write to them.
    """
    await check_installed(writer.read)
    now = datetime.now(UTC)
    return int((await writer.fetch(_PURGE, now))[0]["removed"])


def _parsed(lines: list[str]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _KINDS}
    for number, line in enumerate(lines, start=1):
        value = _loaded(line, number)
        if number == 1:
            if value != _HEAD:
                raise _refusal(number, f"its head is not {json.dumps(_HEAD)}")
            continue
        kind = value.pop("kind", None)
        if kind not in rows:
            raise _refusal(number, f"its kind is {kind!r}")
        if not _NEEDED[kind] <= value.keys():
            missing = ", ".join(sorted(_NEEDED[kind] - value.keys()))
            raise _refusal(number, f"it has no {missing}")
        rows[kind].append(value)
    if not lines:
        raise _refusal(1, "the file is empty")
    return rows


def _loaded(line: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _refusal(number, "it is no JSON object")
    return value


def _refusal(number: int, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"Line {number} is no line of a trace: {problem}.",
        hint="Import a file that fraiseql trace export wrote.",
        code="TRACE_FILE",
    )


def _merged(windows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one window for each minute: an import is one process."""
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for window in windows:
        key = tuple(str(window[name]) for name in ("at", "operation", "statement", "source"))
        own = merged.setdefault(key, window)
        if own is window:
            continue
        for name in ("calls", "errors", "db_ms_sum", "rows", "bytes", "total_ms_sum"):
            own[name] += window[name]
        pairs = zip(own["db_ms_buckets"], window["db_ms_buckets"], strict=True)
        own["db_ms_buckets"] = [one + other for one, other in pairs]
        own["most_in_request"] = max(own["most_in_request"], window["most_in_request"])
    return list(merged.values())
