"""``fraiseql trace``: cost of operations, statement by statement."""

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from fraiseql.cli.output import note, say, say_data, say_json, table_line
from fraiseql.cli.registry import add_command
from fraiseql.cli.target import add_target, find_target
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import ConfigurationError
from fraiseql.operating.trace.report import Trace, TracedCost, TracedOperation, load_trace
from fraiseql.operating.trace.transfer import exported, import_lines, purge

_ORDERS: Final[dict[str, Callable[[TracedCost], float]]] = {
    "total": lambda cost: cost.ms,
    "mean": lambda cost: cost.mean,
    "p95": lambda cost: cost.percentile(0.95),
    "bytes": lambda cost: cost.bytes,
}
_HEADS: Final = ("operation", "source", "calls", "errors", "total ms", "mean ms", "p95 ms", "bytes")
_WIDTHS: Final = (36, 16, 10, 7, 12, 9, 9, 14)
_SHOWN: Final = 100
_NO_FIELD: Final = "(no field)"
"""Name of the statements with which result caches and transactions work."""


Work = Callable[[Pool, Namespace], Awaitable[None]]


def add_to(commands: Any) -> None:
    """Add the group of commands."""
    group = add_command(commands, "trace")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    show = _add(inner, "show", _show, "show the operations that cost the most")
    show.add_argument("--top", type=_count, default=10, metavar="N", help="this many; 10 if unset")
    show.add_argument("--by", choices=tuple(_ORDERS), default="total", help="order; total if unset")
    export = _add(inner, "export", _export, "write the trace to a file, as JSON lines")
    export.add_argument("file", metavar="FILE", help="file to write; - for the standard output")
    load = _add(inner, "import", _import, "add an exported trace to that of the database")
    load.add_argument("file", metavar="FILE", help="file to read")
    _add(inner, "purge", _purge, "remove all that the trace contains")


def _add(inner: Any, name: str, work: Work, text: str) -> ArgumentParser:
    parser: ArgumentParser = inner.add_parser(name, help=text)
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda arguments: _run(arguments, work))
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _run(arguments: Namespace, work: Work) -> int:
    service = find_target(arguments.app).service()

    async def opened() -> None:
        pool = await open_pool(service.settings.database_url, service.settings)
        try:
            await work(pool, arguments)
        finally:
            await pool.close()

    asyncio.run(opened())
    return 0


async def _show(pool: Pool, arguments: Namespace) -> None:
    trace = await load_trace(pool.inspect)
    by = _ORDERS[arguments.by]
    ordered = sorted(trace.operations, key=lambda operation: by(operation.cost), reverse=True)
    shown = ordered[: arguments.top]
    for operation in shown:
        operation.statements.sort(key=lambda statement: by(statement.cost), reverse=True)
    if arguments.json:
        say_json(_trace_facts(trace, shown))
        return
    count = len(trace.operations)
    times = f"from {trace.since:%F %R} to {trace.upto:%F %R %Z}"
    say(f"{count} operation{'' if count == 1 else 's'} {times}.")
    say(table_line(_HEADS, _WIDTHS))
    for operation in shown:
        _say_operation(operation)
    _say_next(count - len(shown))


def _say_next(hidden: int) -> None:
    say()
    if hidden:
        say(f"{hidden} more: --top N.")
    say("Statements of one request may run at the same time, and then take longer in sum.")
    say("  what would make them faster    fraiseql advise APP")
    say("  the plan of an operation       fraiseql explain APP '{ … }' --analyze")


def _say_operation(operation: TracedOperation) -> None:
    say(_line(_cut(operation.name or operation.document, _WIDTHS[0]), "", operation.cost))
    for statement in operation.statements:
        say(_line(f"  {statement.root or _NO_FIELD}", statement.source, statement.cost))
        if statement.sql:
            say(f"    {_cut(statement.sql, _SHOWN)}")


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _line(name: str, source: str, cost: TracedCost) -> str:
    times = (f"{cost.ms:,.1f}", f"{cost.mean:,.3f}", f"{cost.percentile(0.95):,.3f}")
    cells = (name, source, f"{cost.calls:,}", f"{cost.errors:,}", *times, f"{cost.bytes:,}")
    return table_line(cells, _WIDTHS)


def _trace_facts(trace: Trace, shown: list[TracedOperation]) -> dict[str, Any]:
    return {
        "version": 1,
        "since": trace.since.isoformat(),
        "upto": trace.upto.isoformat(),
        "operations": [_operation_facts(operation) for operation in shown],
    }


def _operation_facts(operation: TracedOperation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "name": operation.name,
        "document": operation.document,
        **_cost_facts(operation.cost),
        "statements": [
            {
                "id": statement.id,
                "sql": statement.sql,
                "source": statement.source,
                "root": statement.root,
                "query_id": statement.query_id,
                "relations": list(statement.relations),
                **_cost_facts(statement.cost),
            }
            for statement in operation.statements
        ],
    }


def _cost_facts(cost: TracedCost) -> dict[str, Any]:
    return {
        "calls": cost.calls,
        "errors": cost.errors,
        "total_ms": cost.ms,
        "mean_ms": cost.mean,
        "p50_ms": cost.percentile(0.5),
        "p95_ms": cost.percentile(0.95),
        "p99_ms": cost.percentile(0.99),
        "rows": cost.rows,
        "bytes": cost.bytes,
        "most_in_request": cost.most,
    }


async def _export(pool: Pool, arguments: Namespace) -> None:
    lines = [line async for line in exported(pool.inspect)]
    if arguments.file == "-":
        for line in lines:
            say_data(line)
        return
    _write(arguments.file, "".join(f"{line}\n" for line in lines))
    _report(arguments, {"rows": len(lines) - 1}, f"{len(lines) - 1:,} rows written.")
    note("The file contains statements and, with trace=values, parameters.")


async def _import(pool: Pool, arguments: Namespace) -> None:
    lines = _read(arguments.file)
    async with open_admin(pool) as writer:
        counts = await import_lines(writer, lines)
    listed = ", ".join(f"{count:,} {kind}s" for kind, count in counts.items())
    _report(arguments, dict(counts), f"Imported: {listed}.")


async def _purge(pool: Pool, arguments: Namespace) -> None:
    async with open_admin(pool) as writer:
        removed = await purge(writer)
    _report(arguments, {"windows": removed}, f"{removed:,} rows removed.")


def _write(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error}.") from error


def _read(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from error


def _report(arguments: Namespace, facts: dict[str, Any], text: str) -> None:
    if arguments.json:
        say_json({"version": 1, **facts})
    else:
        say(text)
