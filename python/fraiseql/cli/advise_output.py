"""Output of ``fraiseql advise``: the document, and its text."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

from fraiseql.cli.output import counted
from fraiseql.operating.advise.advising import AdviceReport
from fraiseql.operating.advise.candidate import Advice, Prediction
from fraiseql.operating.advise.decision import DecisionPath
from fraiseql.operating.advise.examined import LeftStatement
from fraiseql.operating.advise.workload import Workload
from fraiseql.sizing.sizes import shown

_MEANINGS: Final = {
    "a statistics twin": ": an empty server with the statistics of your tables",
}
_LARGE: Final = 10.0
_PATHS: Final = 10
_WIDTH: Final = 100
_NOTHING_CHANGED: Final = "Nothing was changed."
_MEASURE: Final = "  measure them in a copy of the tables    fraiseql advise APP --evaluate"
_EMIT: Final = "  write the changes as patches            fraiseql advise APP --emit advice"


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
        "paths": [_path(each, workload) for each in report.paths],
        "advice": [_advice(each, workload) for each in report.advice],
        "left": [_left(each, workload) for each in report.left],
        "rejected": [
            {"id": each.candidate.id, "change": each.candidate.title, "reason": each.reason}
            for each in report.rejected
        ],
        "notes": list(report.notes),
        "hypothetical": report.hypothetical,
    }


def _path(path: DecisionPath, workload: Workload) -> dict[str, Any]:
    statement = path.examined.statement
    return {
        "id": statement.id,
        "root": statement.root,
        "operations": workload.label(statement),
        "edges": [
            {"question": each.question, "figure": each.figure, "answer": each.answer}
            for each in path.edges
        ],
        "tree": path.leaf,
        "best": path.best.candidate.title if path.best else None,
        "differs": path.differs,
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
        "small": left.small,
    }


def advice_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a document."""
    yield f"server     PostgreSQL {document['server']}"
    count, seconds = document["statements"], document["seconds"]
    traced = f"{document['traced_ms']:,.1f} ms in {seconds:,.0f} s"
    yield f"trace      {counted(count, 'statement')}, {traced}"
    form = document["predicted_by"]
    yield f"predicted  by {form}{_MEANINGS.get(form, '')}"
    yield f"           a round trip to the server takes {document['floor_ms']} ms"
    yield ""
    if document["paths"]:
        yield "The published decision tree, each question with its figure, then what it advises:"
        for each in document["paths"][:_PATHS]:
            yield from _path_lines(each)
        yield ""
    for place, each in enumerate(document["advice"], 1):
        yield from _advice_lines(place, each)
    if document["left"]:
        yield "Leave as it is:"
        yield from _left_lines(document["left"])
        yield ""
    yield from (f"note  {each}" for each in document["notes"])
    if document["hypothetical"]:
        yield _NOTHING_CHANGED
        return
    yield _summary(len(document["advice"]), document["statements"])
    if document["advice"] and not document.get("scratch"):
        yield _MEASURE
        if not any(each.get("files") for each in document["advice"]):
            yield _EMIT


def _left_lines(left: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    small = [each for each in left if each["small"]]
    for each in left:
        if not each["small"]:
            yield f"  {_named(each)}: {each['reason']}"
    if small:
        share = sum(each["share"] for each in small)
        yield f"  {len(small)} statements that take {share:.0%} of the traced time together"


def _named(each: Mapping[str, Any]) -> str:
    return f"{each['operations']} ({each['root']})"


def _path_lines(path: Mapping[str, Any]) -> Iterator[str]:
    edges = [
        f"{each['question']}? {each['figure']}: {'yes' if each['answer'] else 'no'}"
        for each in path["edges"]
    ]
    yield f"  {_named(path)}"
    text = " > ".join([*edges, path["tree"]])
    yield from wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ")
    if path["differs"]:
        yield f"    the prediction differs: {path['best'] or 'leave it as it is'}"


def _advice_lines(place: int, advice: Mapping[str, Any]) -> Iterator[str]:
    change = advice["declaration"] or (advice["kind"] if advice["command"] else "")
    yield f"{place}. {change} on {advice['target']}  ({advice['id']}, {advice['confidence']})"
    for each in advice["statements"]:
        yield (
            f"   {_named(each)}: {each['before_ms']:.2f} -> {each['after_ms']:.2f} ms"
            f" (predicted {_gain(each['gain'])}x, {_gain(each['low'])}-{_gain(each['high'])}x)"
        )
        yield f"     from {each['why']}"
    yield (
        f"   saves  {advice['saved_share']:.0%} of the traced time, at"
        f" {advice['calls_per_second']:.2f} calls/s"
    )
    yield f"   costs  {_costs(advice)}"
    yield from (f"   note   {each}" for each in advice["notes"])
    yield from _steps(advice)
    yield f"   lock   {advice['lock']}"
    yield ""


def _gain(gain: float) -> str:
    return f"{gain:.0f}" if gain >= _LARGE else f"{gain:.1f}"


def _costs(advice: Mapping[str, Any]) -> str:
    size, per_row = advice["bytes"], advice["us_per_written_row"]
    disk = f"{shown(size)} of disk" if size >= 0 else f"frees {shown(-size)} of disk"
    writes = f"about {per_row:.3g} us a written row, at {advice['writes_per_second']:.3g} rows/s"
    return f"{disk}; {writes}"


def _steps(advice: Mapping[str, Any]) -> Iterator[str]:
    option, declaration = advice["option"], advice["declaration"]
    if option:
        value = f"[{declaration}]" if option == "indexes" else declaration
        yield f"   do     {option}={value} on {advice['target']}, then fraiseql db apply"
        yield "   undo   remove it from the declaration, then fraiseql db apply"
        return
    yield from (f"   do     {statement}" for statement in advice["command"])
    yield from (f"   undo   {statement}" for statement in advice["undo"])


def _summary(count: int, statements: int) -> str:
    if not statements:
        return "Nothing to advise: no statement is traced. Send operations that read the database."
    if not count:
        return "Nothing to advise."
    return f"{count} recommendation{'s' if count > 1 else ''}. {_NOTHING_CHANGED}"
