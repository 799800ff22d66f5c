"""``fraiseql db``: plan, apply, check and repair declared objects."""

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any, Final

from fraiseql.caching.ddl.apply import apply, find_plan, unapplied_types
from fraiseql.caching.ddl.desired_state import DesiredState, load_desired_state
from fraiseql.caching.ddl.drift import Verdict
from fraiseql.caching.ddl.plan import MigrationPlan, Step
from fraiseql.caching.ddl.script import plan_files, write_files
from fraiseql.caching.ddl.verification import record_verified
from fraiseql.caching.refresh.queues import queue_statuses
from fraiseql.caching.refresh.status import ViewStatus, view_statuses
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.compare import Verified
from fraiseql.caching.strategies.indexes.status import index_statuses
from fraiseql.caching.verify import repair, verify
from fraiseql.cli.granting import add_role, run_grant
from fraiseql.cli.output import note, say, say_data, say_json
from fraiseql.cli.registry import add_command
from fraiseql.cli.steps import plan_lines
from fraiseql.cli.target import add_target, find_target
from fraiseql.database import open_pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.errors import ConfigurationError
from fraiseql.serving import Service

_DIFFERS: Final = 1

Work = Callable[[AdminConnection, DesiredState, Namespace], Awaitable[int]]


def add_to(commands: Any) -> None:
    """Add the group of commands."""
    group = add_command(commands, "db")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    plan = _add(inner, "plan", _plan, "print the steps that apply would take; exits 1 if any")
    plan.add_argument(
        "--sql",
        metavar="DIR",
        help="write the steps as SQL files into DIR, for a tool of your own; - prints them",
    )
    creating = "create the declared objects; safe to run again after any interruption"
    _add(inner, "apply", _apply, creating).add_argument(
        "--drop",
        action="store_true",
        help="even if all existing objects belong to types of another application",
    )
    _add(inner, "status", _status, "show each object and whether it has changed since")
    check = _add(
        inner, "verify", _verify, "compare stored documents with live ones; exits 1 if any"
    )
    check.add_argument(
        "--sample", type=float, default=100.0, metavar="PERCENT", help="rows to compare (all)"
    )
    _add(inner, "repair", _repair, "rebuild stored documents that differ")
    granting = "grant the application role the privileges that result caches need"
    add_role(_add(inner, "grant", run_grant, granting))


def _add(inner: Any, name: str, work: Work, text: str) -> ArgumentParser:
    parser: ArgumentParser = inner.add_parser(name, help=text)
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda arguments: _run(arguments, work))
    return parser


def _run(arguments: Namespace, work: Work) -> int:
    service = find_target(arguments.app).service()
    return asyncio.run(_connected(service, work, arguments))


async def _connected(service: Service, work: Work, arguments: Namespace) -> int:
    settings = service.settings
    pool = await open_pool(settings.database_url, settings)
    try:
        desired = await load_desired_state(service.schema, pool)
        async with open_admin(pool) as writer:
            return await work(writer, desired, arguments)
    finally:
        await pool.close()


async def _plan(writer: AdminConnection, desired: DesiredState, arguments: Namespace) -> int:
    plan = await find_plan(writer, desired)
    for refusal in plan.refusals:
        note(f"refused: {refusal}")
    if arguments.sql == "-":
        say_data("\n".join(f"-- {name}\n{text}" for name, text in plan_files(plan).items()))
    elif arguments.sql:
        paths = write_files(plan, Path(arguments.sql))
        note(f"{len(paths)} files written to {arguments.sql}")
    elif arguments.json:
        say_json(_plan_facts(plan))
    else:
        for line in plan_lines(plan):
            say(line)
    return 0 if plan.empty else _DIFFERS


def _plan_facts(plan: MigrationPlan) -> dict[str, Any]:
    refused = [
        {"code": r.code, "where": r.where, "message": r.message, "alternative": r.alternative}
        for r in plan.refusals
    ]
    return {"refusals": refused, "steps": [_step_facts(step) for step in plan.steps]}


def _step_facts(step: Step) -> dict[str, Any]:
    return {
        "step": step.title,
        "reason": step.reason,
        "transactional": step.transactional,
        "locks": list(step.locks),
        "sql": list(step.statements),
        "undo": list(step.undo),
    }


async def _apply(writer: AdminConnection, desired: DesiredState, arguments: Namespace) -> int:
    if not arguments.drop:
        _check_owners(await find_plan(writer, desired), desired)
    plan = await apply(writer, desired, watch=_quiet if arguments.json else _print_step)
    if arguments.json:
        say_json(_plan_facts(plan))
    else:
        count = len(plan.steps)
        say(f"{count} step{'' if count == 1 else 's'} applied." if count else "Nothing to do.")
    return 0


def _check_owners(plan: MigrationPlan, desired: DesiredState) -> None:
    """Refuse to drop objects of unknown types if no declared object exists."""
    gone = {verdict.owner for verdict in plan.states if verdict.state == "undeclared"}
    strangers = sorted(gone - desired.types - {"fraiseql"})
    own = any(
        verdict.state == "unchanged" and verdict.owner in desired.types for verdict in plan.states
    )
    if strangers and not own:
        raise ConfigurationError(
            f"The objects in this database are of {', '.join(strangers)}, which this application"
            " does not declare: all of them would be dropped.",
            hint="One database serves one application. Check the address, or pass --drop.",
        )


def _print_step(event: str) -> None:
    # Steps and waiting; `plan` prints their statements.
    first = event.partition(" ")[0]
    if first in {"create", "replace", "rebuild", "drop", "waiting"}:
        note(event)


def _quiet(_: str) -> None:
    pass


async def _status(writer: AdminConnection, desired: DesiredState, arguments: Namespace) -> int:
    plan = await find_plan(writer, desired)
    views = {view.view: view for view in await view_statuses(writer, desired.stored_types)}
    if arguments.json:
        say_json([_state_facts(verdict, views.get(verdict.key[1])) for verdict in plan.states])
    else:
        for verdict in plan.states:
            kind, name = verdict.key
            reason = f" ({verdict.reason})" if verdict.reason else ""
            say(f"{verdict.state:<10}  {verdict.owner}: {kind} {name}{reason}")
        for behind in (*views.values(), *await queue_statuses(writer, desired.stored_types)):
            say(str(behind))
        for index in await index_statuses(writer, desired.objects):
            say(str(index))
        if not plan.states:
            say("Nothing is declared with stored=, indexes= or cache=, and no object exists.")
    for refusal in plan.refusals:
        note(f"refused: {refusal}")
    return 0 if plan.empty else _DIFFERS


def _state_facts(verdict: Verdict, view: ViewStatus | None) -> dict[str, Any]:
    kind, name = verdict.key
    facts: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "owner": verdict.owner,
        "state": verdict.state,
    }
    if view is not None:
        figures = asdict(view)
        facts |= {key: figures[key] for key in ("age", "since", "took", "refreshes", "fails")}
        facts["since"] = view.since if isfinite(view.since) else None
        facts["failure"] = view.failure
    return facts


async def _verify(writer: AdminConnection, desired: DesiredState, arguments: Namespace) -> int:
    if not 0 < arguments.sample <= 100:  # noqa: PLR2004 - per cent
        raise ConfigurationError("--sample is a share in per cent: above 0, at most 100.")
    applied, missing = await _applied(writer, desired)
    results = await verify(writer, applied, sample=arguments.sample)
    await record_verified(writer, results, arguments.sample)
    if arguments.json:
        say_json([_verified_facts(result) for result in results])
    else:
        for result in results:
            counted = f"{result.compared:,} compared, {result.differing:,} differ"
            say(f"{result.type_name}: {result.note or counted}")
            for difference in result.differences:
                for line in difference.lines():
                    say(f"  {line}")
    return _DIFFERS if missing or any(result.differing for result in results) else 0


def _verified_facts(result: Verified) -> dict[str, Any]:
    shown = [{"key": d.key, "stored": d.stored, "live": d.live} for d in result.differences]
    return {
        "type": result.type_name,
        "compared": result.compared,
        "differing": result.differing,
        "differences": shown,
        "note": result.note,
    }


async def _repair(writer: AdminConnection, desired: DesiredState, arguments: Namespace) -> int:
    applied, missing = await _applied(writer, desired)
    repaired = await repair(writer, applied)
    if arguments.json:
        say_json(repaired)
    else:
        for name, count in repaired.items():
            say(f"{name}: {count:,} repaired")
    return _DIFFERS if missing else 0


async def _applied(
    writer: AdminConnection, desired: DesiredState
) -> tuple[list[StoredType], list[str]]:
    """Return the types whose objects all exist as declared, and the names of the others."""
    plan = await find_plan(writer, desired)
    unapplied = unapplied_types(plan, desired)
    missing = [each.type_name for each in desired.stored_types if each.type_name in unapplied]
    for name in missing:
        note(f"{name}: not as declared; run fraiseql db status, then fraiseql db apply")
    return [each for each in desired.stored_types if each.type_name not in unapplied], missing
