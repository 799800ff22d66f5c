"""Options of ``fraiseql advise`` that measure, write and check advice."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fraiseql.cli.measured_output import check_document, check_lines
from fraiseql.cli.output import counted, note
from fraiseql.database import Pool
from fraiseql.database.address import shown_address
from fraiseql.operating.advise.advising import AdviceReport
from fraiseql.operating.advise.checking import check_advice, find_record
from fraiseql.operating.advise.emitting import EmittedAdvice, emit
from fraiseql.operating.advise.evaluate import (
    EvaluateOptions,
    Evaluation,
    TracedLoad,
    evaluate,
)
from fraiseql.operating.advise.history import recorded, remember
from fraiseql.operating.advise.relations import WHOLE
from fraiseql.operating.advise.scratch import ScratchLimits
from fraiseql.operating.advise.stored_trials import TriedApplication
from fraiseql.operating.trace.report import load_trace
from fraiseql.schema import Schema
from fraiseql.settings import Settings

_UNITS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0}
_BUDGET: Final = 600.0
_FORMS: Final = ("embedded", "transaction")


def add_measuring(parser: ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group("measure, write and check")
    group.add_argument(
        "--evaluate",
        action="store_true",
        help="measure the advice in a scratch copy; refuse it if it is wrong or does not pay",
    )
    group.add_argument(
        "--scratch",
        type=_scratch,
        default="embedded",
        metavar="FORM",
        help="embedded: a copy on a temporary server; postgresql://…: a copy of yours; transaction:"
        " transactions of the database itself, which block writes to a table for seconds",
    )
    group.add_argument(
        "--sample",
        type=_percent,
        default=WHOLE,
        metavar="PERCENT",
        help="share of the rows of large tables in the copy (all)",
    )
    group.add_argument(
        "--budget",
        type=_duration,
        default=_BUDGET,
        metavar="TIME",
        help="time for the copy (10min)",
    )
    group.add_argument(
        "--emit", type=Path, metavar="DIR", help="write patches and SQL files, with their undo"
    )
    _add_checking(group)


def _add_checking(group: Any) -> None:
    group.add_argument(
        "--check",
        metavar="ID",
        help="compare the trace since the deployment of advice with its promise; exits 1 if it is"
        " not kept",
    )
    group.add_argument(
        "--since",
        type=_instant,
        metavar="TIME",
        help="with --check: when it was deployed, if not by fraiseql db apply",
    )
    group.add_argument(
        "--history", action="store_true", help="list advice that was measured or written"
    )


def _scratch(text: str) -> str:
    if text in _FORMS or text.startswith(("postgresql://", "postgres://")):
        return text
    raise ArgumentTypeError(f"{text!r} is not embedded, transaction or postgresql://…")


def shown_form(text: str) -> str:
    """Return a form without a password, which logs would keep."""
    return text if text in _FORMS else shown_address(text)


def _percent(text: str) -> float:
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0 < percent <= WHOLE:
        raise ArgumentTypeError(f"{text!r} is not a percentage above 0 and up to 100")
    return percent


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|min|h)", text)
    if match is None or not float(match[1]):
        raise ArgumentTypeError(f"{text!r} is not a time such as 90s, 10min or 1h")
    return float(match[1]) * _UNITS[match[2]]


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time such as 2026-12-01T10:00+00:00") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


async def measured_report(
    pool: Pool, schema: Schema, settings: Settings, report: AdviceReport, arguments: Namespace
) -> tuple[AdviceReport, Evaluation | None, list[EmittedAdvice]]:
    """Measure and write a report's advice, as far as the options say."""
    evaluation, emitted = None, list[EmittedAdvice]()
    if not report.advice or not (arguments.evaluate or arguments.emit):
        return report, None, emitted
    if arguments.evaluate:
        form = shown_form(arguments.scratch)
        count = len(report.advice)
        note(f"measuring {counted(count, 'recommendation')} ({form}); this takes minutes")
        limits = ScratchLimits(arguments.budget, arguments.sample)
        application = TriedApplication(schema, settings, report.workload.documents)
        options = EvaluateOptions(arguments.scratch, limits, watch=lambda text: note(f"  {text}"))
        evaluation = await evaluate(pool, application, report.advice, _load(report), options)
        report = replace(report, advice=evaluation.advice)
    if arguments.emit:
        emitted = await emit(pool, schema, report.advice, arguments.emit)
    trace = await load_trace(pool.inspect)
    remember(settings.data_dir, [recorded(each, trace) for each in report.advice])
    return report, evaluation, emitted


def _load(report: AdviceReport) -> TracedLoad:
    workload = report.workload
    return TracedLoad(
        {each.id: each.calls / workload.seconds for each in workload.statements},
        {each.id: each.mean_ms for each in workload.statements},
        workload.total_ms / workload.seconds,
    )


async def checked_lines(
    pool: Pool, settings: Settings, arguments: Namespace
) -> tuple[dict[str, Any], list[str], bool]:
    """Check advice; return its document, its lines, and whether its promise is kept."""
    record = find_record(settings.data_dir, arguments.check)
    check = await check_advice(pool, record, arguments.since)
    return check_document(check), list(check_lines(check)), check.verdict == "kept"
