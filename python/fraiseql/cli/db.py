"""``fraiseql db``: what declarations want in the database: planned, applied, checked and mended."""

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any, Final

from fraiseql.caching.ddl.apply import apply, find_plan
from fraiseql.caching.ddl.desired_state import DesiredState, load_desired_state
from fraiseql.caching.ddl.drift import Verdict
from fraiseql.caching.ddl.plan import MigrationPlan, Step
from fraiseql.caching.ddl.script import plan_files, write_files
from fraiseql.caching.refresh.queues import queue_statuses
from fraiseql.caching.refresh.status import ViewStatus, view_statuses
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.compare import Verified
from fraiseql.caching.strategies.indexes.status import index_statuses
from fraiseql.caching.verify import repair, verify
from fraiseql.cli.granting import add_role, run_grant
from fraiseql.cli.output import note, say, say_json
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
    group = commands.add_parser("db", help="plan, apply and verify what is kept in the database")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    plan = _add(inner, "plan", _plan, "print the steps that apply would take; exits 1 if any")
    plan.add_argument(
        "--sql",
        metavar="DIR",
        help="write the steps as SQL files into DIR, for a tool of your own; - prints them",
    )
    making = "make what is declared; safe to run again after any interruption"
    _add(inner, "apply", _apply, making).add_argument(
        "--drop",
        action="store_true",
        help="even if all that is there belongs to types of another application",
    )
    _add(inner, "status", _status, "show each object and whether it is as it was made")
    check = _add(inner, "verify", _verify, "compare kept documents with live ones; exits 1 if any")
    check.add_argument(
        "--sample", type=float, default=100.0, metavar="PERCENT", help="rows to look at (all)"
    )
    _add(inner, "repair", _repair, "make anew the kept documents that differ")
    granting = "give the role that the application connects as what result caches need of it"
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
        wanted = await load_desired_state(service.schema, pool)
        async with open_admin(pool) as writer:
            return await work(writer, wanted, arguments)
    finally:
        await pool.close()


async def _plan(writer: AdminConnection, wanted: DesiredState, arguments: Namespace) -> int:
    plan = await find_plan(writer, wanted)
    for refusal in plan.refusals:
        note(f"refused: {refusal}")
    if arguments.sql == "-":
        say("\n".join(f"-- {name}\n{text}" for name, text in plan_files(plan).items()))
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


async def _apply(writer: AdminConnection, wanted: DesiredState, arguments: Namespace) -> int:
    if not arguments.drop:
        _check_owners(await find_plan(writer, wanted), wanted)
    plan = await apply(writer, wanted, watch=_quiet if arguments.json else _told)
    if arguments.json:
        say_json(_plan_facts(plan))
    else:
        count = len(plan.steps)
        say(f"{count} step{'' if count == 1 else 's'} applied." if count else "Nothing to do.")
    return 0


def _check_owners(plan: MigrationPlan, wanted: DesiredState) -> None:
    """Refuse to drop what is of unknown types where nothing is there that is declared."""
    gone = {verdict.owner for verdict in plan.states if verdict.state == "undeclared"}
    strangers = sorted(gone - wanted.types - {"fraiseql"})
    own = any(one.state == "unchanged" and one.owner in wanted.types for one in plan.states)
    if strangers and not own:
        raise ConfigurationError(
            f"What was applied here is of {', '.join(strangers)}, which this application does not"
            " declare: all of it would be dropped.",
            hint="One database serves one application: is the address right? --drop goes on.",
        )


def _told(event: str) -> None:
    # Steps and waiting; their statements are what `plan` prints.
    first = event.partition(" ")[0]
    if first in {"create", "replace", "rebuild", "drop", "waiting"}:
        note(event)


def _quiet(_: str) -> None:
    pass


async def _status(writer: AdminConnection, wanted: DesiredState, arguments: Namespace) -> int:
    plan = await find_plan(writer, wanted)
    views = {one.view: one for one in await view_statuses(writer, wanted.stored_types)}
    if arguments.json:
        say_json([_state_facts(verdict, views.get(verdict.key[1])) for verdict in plan.states])
    else:
        for verdict in plan.states:
            kind, name = verdict.key
            reason = f" ({verdict.reason})" if verdict.reason else ""
            say(f"{verdict.state:<10}  {verdict.owner}: {kind} {name}{reason}")
        for behind in (*views.values(), *await queue_statuses(writer, wanted.stored_types)):
            say(str(behind))
        for index in await index_statuses(writer, wanted.objects):
            say(str(index))
        if not plan.states:
            say("Nothing is declared with stored=, indexes= or cache=, and nothing was made.")
    for refusal in plan.refusals:
        note(f"refused: {refusal}")
    return 0 if plan.empty else _DIFFERS


def _state_facts(verdict: Verdict, view: ViewStatus | None) -> dict[str, Any]:
    kind, name = verdict.key
    found: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "owner": verdict.owner,
        "state": verdict.state,
    }
    if view is not None:
        known = asdict(view)
        found |= {key: known[key] for key in ("age", "since", "took", "refreshes", "fails")}
        found["since"] = view.since if isfinite(view.since) else None
        found["failure"] = view.failure
    return found


async def _verify(writer: AdminConnection, wanted: DesiredState, arguments: Namespace) -> int:
    if not 0 < arguments.sample <= 100:  # noqa: PLR2004 - per cent
        raise ConfigurationError("--sample is a share in per cent: above 0, at most 100.")
    applied, missing = await _applied(writer, wanted)
    found = await verify(writer, applied, sample=arguments.sample)
    if arguments.json:
        say_json([_verified_facts(one) for one in found])
    else:
        for one in found:
            counted = f"{one.compared:,} compared, {one.differing:,} differ"
            say(f"{one.type_name}: {one.note or counted}")
            for difference in one.differences:
                for line in difference.lines():
                    say(f"  {line}")
    return _DIFFERS if missing or any(one.differing for one in found) else 0


def _verified_facts(one: Verified) -> dict[str, Any]:
    shown = [{"key": d.key, "stored": d.stored, "live": d.live} for d in one.differences]
    return {
        "type": one.type_name,
        "compared": one.compared,
        "differing": one.differing,
        "differences": shown,
        "note": one.note,
    }


async def _repair(writer: AdminConnection, wanted: DesiredState, arguments: Namespace) -> int:
    applied, missing = await _applied(writer, wanted)
    mended = await repair(writer, applied)
    if arguments.json:
        say_json(mended)
    else:
        for name, count in mended.items():
            say(f"{name}: {count:,} mended")
    return _DIFFERS if missing else 0


async def _applied(
    writer: AdminConnection, wanted: DesiredState
) -> tuple[list[StoredType], list[str]]:
    """Return the types whose objects are all there as declared, and the names of the others."""
    plan = await find_plan(writer, wanted)
    open_ = {verdict.owner for verdict in plan.states if verdict.state != "unchanged"}
    open_ |= {refusal.where.partition(".")[0] for refusal in plan.refusals} | wanted.refused
    missing = [one.type_name for one in wanted.stored_types if one.type_name in open_]
    for name in missing:
        note(f"{name}: not as declared; run fraiseql db status, then fraiseql db apply")
    return [one for one in wanted.stored_types if one.type_name not in open_], missing
