"""``fraiseql doctor``: known faults of the database, with commands that clear them."""

import asyncio
import json
from argparse import Namespace
from typing import Any, Final

from fraiseql.cli.commands import runnable
from fraiseql.cli.output import NOT_RUN, note, say, say_json
from fraiseql.cli.registry import add_command
from fraiseql.cli.sizes import size_argument
from fraiseql.cli.target import add_target, find_target
from fraiseql.database import Pool, open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.naming import suggestion
from fraiseql.operating.doctor.applying import check_applicable, run_steps
from fraiseql.operating.doctor.examine import Examination, Scope, examine
from fraiseql.operating.doctor.explaining import explanation
from fraiseql.operating.doctor.fault import SEVERITIES, Diagnosis
from fraiseql.operating.doctor.faults import FAULTS
from fraiseql.serving import Service
from fraiseql.settings import Settings

_FAULTY: Final = 1
_PAGES: Final = "docs/findings"
_EXPLAIN: Final = "fraiseql doctor APP --explain"


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "doctor")
    add_target(parser)
    parser.add_argument("--only", action="append", default=[], metavar="CODE", help="this fault")
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="CODE[:OBJECT]",
        help="leave out a fault, everywhere or at one object; also FRAISEQL_DOCTOR_IGNORE",
    )
    parser.add_argument(
        "--min-severity", choices=SEVERITIES, default="info", help="leave out less severe ones"
    )
    parser.add_argument(
        "--deep", action="store_true", help="also compare a sample of stored documents"
    )
    parser.add_argument(
        "--memory",
        type=size_argument,
        metavar="SIZE",
        help="memory of the server, such as 16GB, if the role may not read it",
    )
    parser.add_argument(
        "--replica",
        action="append",
        default=[],
        metavar="URL",
        help="address of a standby, whose use of indexes counts",
    )
    parser.add_argument(
        "--apply", metavar="CODE", help="run the commands that clear this fault; prints their undo"
    )
    parser.add_argument(
        "--explain", metavar="CODE", help="print why a fault matters and when it is reported"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run, failed=NOT_RUN)


def _run(arguments: Namespace) -> int:
    if arguments.explain:
        return _explain(arguments.explain)
    service = find_target(arguments.app).service()
    scope = _scope(arguments, service.settings)
    examination = asyncio.run(_examined(service, scope, arguments))
    _show(examination, as_json=arguments.json)
    return _FAULTY if examination.diagnoses else 0


def _explain(code: str) -> int:
    """Print the explanation of a fault; neither application nor database are needed."""
    _check_code(code)
    (fault,) = (fault for fault in FAULTS if fault.code == code)
    say("\n\n".join([f"# {code}", *explanation(fault)]))
    return 0


async def _examined(service: Service, scope: Scope, arguments: Namespace) -> Examination:
    settings = service.settings
    pool = await open_pool(settings.database_url, settings)
    try:
        examination = await examine(pool, settings, scope, service.schema)
        if not arguments.apply:
            return examination
        await _apply(pool, examination, arguments.apply)
        # New connections, which see changed settings.
        pool.replace_all()
        return await examine(pool, settings, scope, service.schema)
    finally:
        await pool.close()


async def _apply(pool: Pool, examination: Examination, code: str) -> None:
    check_applicable(code, examination.diagnoses)
    for each in examination.diagnoses:
        # Before the command, so that one that fails half-way can be undone.
        for step in each.undo:
            note(f"undo: {step}")
        await run_steps(pool, each.command, note)


def _scope(arguments: Namespace, settings: Settings) -> Scope:
    only = [arguments.apply] if arguments.apply else arguments.only
    ignored = [*arguments.ignore, *filter(None, map(str.strip, settings.doctor_ignore.split(",")))]
    for code in (*only, *(each.partition(":")[0] for each in ignored)):
        _check_code(code)
    return Scope(
        only=frozenset(only),
        ignored=frozenset(ignored),
        severity=arguments.min_severity,
        app=arguments.app,
        deep=arguments.deep,
        memory=arguments.memory,
        replicas=tuple(arguments.replica),
    )


def _check_code(code: str) -> None:
    codes = [fault.code for fault in FAULTS]
    if code not in codes:
        raise ConfigurationError(
            f"The doctor knows no fault {code!r}.{suggestion(code, codes)}",
            hint=f"All codes: {', '.join(sorted(codes))}.",
        )


# Output.


def _show(examination: Examination, *, as_json: bool) -> None:
    if as_json:
        say_json(_facts(examination))
        return
    for each in examination.diagnoses:
        _say_diagnosis(each)
    for hidden in examination.not_seen:
        say(f"not looked for  {hidden.code}: {hidden.reason}")
    say(_summary(examination))


def _say_diagnosis(diagnosis: Diagnosis) -> None:
    fault = diagnosis.fault
    say(f"{diagnosis.severity:<8}  {fault.code}  {diagnosis.object}")
    say(f"  {fault.title}. {fault.why}")
    shown = (f"{name} {_text(value)}" for name, value in diagnosis.evidence.items())
    say(f"  evidence: {', '.join(shown)}")
    for title, steps in (("do", diagnosis.command), ("undo", diagnosis.undo)):
        for step in steps:
            say(f"  {title + ':':<9} {step}")
    say(f"  lock:     {fault.lock}")
    say(f"  explain:  {_EXPLAIN} {fault.code}")
    say()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _summary(examination: Examination) -> str:
    counts = [
        (severity, sum(each.severity == severity for each in examination.diagnoses))
        for severity in SEVERITIES
    ]
    listed = ", ".join(f"{count} {severity}" for severity, count in counts if count)
    ignored = f"; {examination.ignored} ignored" if examination.ignored else ""
    hidden = f"; {len(examination.not_seen)} not looked for" if examination.not_seen else ""
    verdict = listed or "No known fault"
    return f"{verdict}{ignored}{hidden}, as role {examination.role} sees the database."


def _facts(examination: Examination) -> dict[str, Any]:
    return {
        "version": 1,
        "role": examination.role,
        "findings": [_diagnosis_facts(each) for each in examination.diagnoses],
        "not_seen": [{"code": each.code, "reason": each.reason} for each in examination.not_seen],
        "ignored": examination.ignored,
    }


def _diagnosis_facts(diagnosis: Diagnosis) -> dict[str, Any]:
    fault = diagnosis.fault
    return {
        "code": fault.code,
        "severity": diagnosis.severity,
        "object": diagnosis.object,
        "title": fault.title,
        "evidence": dict(diagnosis.evidence),
        "why": fault.why,
        "command": list(diagnosis.command),
        "undo": list(diagnosis.undo),
        "lock": fault.lock,
        "docs": f"{_PAGES}/{fault.code}.md",
        "explain": runnable(f"{_EXPLAIN} {fault.code}"),
    }
