"""Output of ``fraiseql advise``: the document, and its text."""

from collections.abc import Iterator, Mapping
from typing import Any

from fraiseql.operating.advise.advising import AdviceReport
from fraiseql.operating.advise.candidate import Advice, Prediction
from fraiseql.operating.advise.examined import LeftStatement
from fraiseql.operating.advise.workload import Workload
from fraiseql.sizing.sizes import shown


def report_document(report: AdviceReport) -> dict[str, Any]:
    """Return the document that ``--json`` prints."""
    workload = report.workload
    return {
        "version": 1,
        "server": report.facts.version,
        "predicted_by": report.form,
        "floor_ms": round(report.floor, 4),
        "seconds": workload.seconds,
        "statements": len(workload.statements),
        "traced_ms": round(workload.total_ms, 3),
        "advice": [_advice(each, workload) for each in report.advice],
        "left": [_left(each, workload) for each in report.left],
        "rejected": [
            {"id": each.candidate.id, "change": each.candidate.title, "reason": each.reason}
            for each in report.rejected
        ],
        "notes": list(report.notes),
    }


def _advice(advice: Advice, workload: Workload) -> dict[str, Any]:
    candidate = advice.candidate
    by_id = {each.id: each for each in workload.statements}
    return {
        "id": candidate.id,
        "kind": candidate.kind,
        "target": candidate.target,
        "table": candidate.table,
        "option": candidate.option,
        "declaration": candidate.declaration,
        "command": list(candidate.ddl),
        "undo": list(candidate.undo),
        "lock": candidate.lock,
        "bytes": candidate.size,
        "confidence": advice.confidence,
        "saved_share": round(advice.share, 4),
        "saved_ms_per_second": round(advice.saved_ms_per_second, 4),
        "calls_per_second": round(advice.calls_per_second, 4),
        "writes_per_second": round(advice.writes.rows_per_second, 3),
        "us_per_written_row": advice.writes.us_per_row,
        "statements": [
            {
                "id": statement_id,
                "root": by_id[statement_id].root,
                "operations": workload.label(by_id[statement_id]),
                **_prediction(own),
            }
            for statement_id, own in advice.predictions.items()
        ],
        "notes": list(advice.notes),
    }


def _prediction(own: Prediction) -> dict[str, Any]:
    return {
        "before_ms": round(own.before_ms, 4),
        "after_ms": round(own.after_ms, 4),
        "gain": round(own.gain, 2),
        "low": round(own.low, 2),
        "high": round(own.high, 2),
        "why": own.why,
    }


def _left(left: LeftStatement, workload: Workload) -> dict[str, Any]:
    return {
        "id": left.statement.id,
        "root": left.statement.root,
        "operations": workload.label(left.statement),
        "mean_ms": round(left.statement.mean_ms, 4),
        "share": round(workload.share(left.statement), 4),
        "reason": left.reason,
    }


def advice_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a document."""
    yield f"server     PostgreSQL {document['server']}"
    count, seconds = document["statements"], document["seconds"]
    yield f"trace      {count} statements, {document['traced_ms']:,.1f} ms in {seconds:,.0f} s"
    yield f"predicted  by {document['predicted_by']}; a round trip takes {document['floor_ms']} ms"
    yield ""
    for place, each in enumerate(document["advice"], 1):
        yield from _advice_lines(place, each)
    if document["left"]:
        yield "Leave as it is:"
        for each in document["left"]:
            yield f"  {each['operations']} ({each['root']}): {each['reason']}"
        yield ""
    yield from (f"note  {each}" for each in document["notes"])
    yield _summary(len(document["advice"]))


def _advice_lines(place: int, advice: Mapping[str, Any]) -> Iterator[str]:
    title = advice["declaration"] or advice["kind"]
    yield f"{place}. {title} on {advice['target']}  ({advice['id']}, {advice['confidence']})"
    for each in advice["statements"]:
        yield (
            f"   {each['operations']} ({each['root']}): {each['before_ms']:.2f} ->"
            f" {each['after_ms']:.2f} ms (predicted {each['gain']:.1f}x,"
            f" {each['low']:.1f}-{each['high']:.1f}x)"
        )
        yield f"     from {each['why']}"
    yield (
        f"   saves  {advice['saved_share']:.0%} of the traced time, at"
        f" {advice['calls_per_second']:.2f} calls/s"
    )
    yield (
        f"   costs  {shown(max(advice['bytes'], 0))}, about {advice['us_per_written_row']:g} us for"
        f" each of {advice['writes_per_second']:g} rows written/s"
    )
    if advice["option"]:
        text = f"{advice['option']}=[{advice['declaration']}] on {advice['target']}"
        yield f"   do     {text}, then fraiseql db apply"
    for statement in advice["command"]:
        yield f"   sql    {statement}"
    for statement in advice["undo"]:
        yield f"   undo   {statement}"
    yield f"   lock   {advice['lock']}"
    yield ""


def _summary(count: int) -> str:
    if not count:
        return "Nothing to advise."
    return f"{count} recommendation{'s' if count > 1 else ''}. Nothing was changed."
