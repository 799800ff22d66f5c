"""Output of measured, written and checked advice."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fraiseql.errors import ConfigurationError
from fraiseql.operating.advise.candidate import MeasuredGain
from fraiseql.operating.advise.checking import Check, CheckedGain
from fraiseql.operating.advise.emitting import EmittedAdvice
from fraiseql.operating.advise.evaluate import Evaluation
from fraiseql.operating.advise.history import AdviceRecord, history
from fraiseql.operating.advise.relations import WHOLE
from fraiseql.operating.advise.trials import Trial
from fraiseql.settings import Settings
from fraiseql.sizing.sizes import shown


def add_measurements(
    document: dict[str, Any], evaluation: Evaluation | None, emitted: Sequence[EmittedAdvice]
) -> None:
    """Add measurements and files to the document of a report."""
    document["scratch"] = None if evaluation is None else _scratch_document(evaluation)
    document["refused"] = [] if evaluation is None else [_refused(e) for e in evaluation.refused]
    document["not_measured"] = (
        []
        if evaluation is None
        else [{"id": e.id, "root": e.root, "reason": e.reason} for e in evaluation.others]
    )
    by_id = {} if evaluation is None else {e.candidate.id: e for e in evaluation.trials}
    files = {each.id: each for each in emitted}
    for advice in document["advice"]:
        trial = by_id.get(advice["id"])
        gains = {} if trial is None else trial.gains
        for statement in advice["statements"]:
            gain = gains.get(statement["id"])
            statement["measured"] = None if gain is None else _measured(gain)
        advice["build_seconds"] = None if trial is None else round(trial.build_seconds, 3)
        written = files.get(advice["id"])
        advice["files"] = [] if written is None else [str(path) for path in written.files]
        if written is not None and written.note:
            advice["notes"].append(written.note)


def _scratch_document(evaluation: Evaluation) -> dict[str, Any]:
    scratch = evaluation.scratch
    return {
        "form": scratch.form,
        "server": scratch.version or None,
        "percent": scratch.percent,
        "bytes": scratch.bytes,
        "seconds": round(scratch.seconds, 1),
        "synthetic_statements": evaluation.synthetic,
        "notes": list(scratch.notes),
    }


def _refused(trial: Trial) -> dict[str, Any]:
    return {"id": trial.candidate.id, "change": trial.candidate.title, "reason": trial.refusal}


def _measured(gain: MeasuredGain) -> dict[str, Any]:
    return {
        "before_ms": round(gain.before_ms, 4),
        "after_ms": round(gain.after_ms, 4),
        "before_p95": round(gain.before_p95, 4),
        "after_p95": round(gain.after_p95, 4),
        "gain": round(gain.gain, 2),
        "low": round(gain.low, 2),
        "high": round(gain.high, 2),
        "pairs": gain.pairs,
        "equal": gain.equal,
        "blocks": list(gain.blocks),
    }


def measured_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of measurements and files, which follow those of the report."""
    scratch = document["scratch"]
    if scratch is not None:
        yield from _scratch_lines(scratch)
        for advice in document["advice"]:
            yield from _advice_lines(advice)
        yield from (f"refused   {e['change']}: {e['reason']}" for e in document["refused"])
        for each in document["not_measured"]:
            yield f"not run   {each['root']} {each['id']}: {each['reason']}"
        if document["advice"]:
            yield ""
            yield "Once a change is declared and applied, see whether it keeps its promise:"
            yield f"  fraiseql advise APP --check {document['advice'][0]['id']}"
    for advice in document["advice"]:
        yield from (f"wrote     {path}" for path in advice["files"])
    if any(advice["files"] for advice in document["advice"]):
        yield "Use one: git apply FILE.patch, then fraiseql db apply. That runs the SQL."


def _scratch_lines(scratch: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    copied = "no copy" if not scratch["bytes"] else f"a copy of {shown(scratch['bytes'])}"
    server = f", PostgreSQL {scratch['server']}" if scratch["server"] else ""
    taken = f" made in {scratch['seconds']:.1f} s" if scratch["bytes"] else ""
    yield f"measured  in {scratch['form']}: {copied}{taken}{server}"
    if scratch["percent"] < WHOLE:
        yield f"          sampled {scratch['percent']:g}% of the rows of large tables"
    if scratch["synthetic_statements"]:
        count = scratch["synthetic_statements"]
        yield f"          {count} statements ran with synthetic parameters, from statistics"
    yield from (f"          {each}" for each in scratch["notes"])


def _advice_lines(advice: Mapping[str, Any]) -> Iterator[str]:
    build = advice["build_seconds"]
    yield f"  {advice['declaration'] or advice['target']}  ({advice['id']}, {advice['confidence']})"
    for each in advice["statements"]:
        gain = each["measured"]
        if gain is None:
            continue
        width = max(gain["high"] / gain["gain"] - 1, 1 - gain["low"] / gain["gain"])
        yield (
            f"    {each['operations']} ({each['root']}): {gain['before_ms']:.2f} ->"
            f" {gain['after_ms']:.2f} ms, measured {gain['gain']:.1f}x ±{width:.0%}"
            f" ({gain['pairs']} pairs, equal answers){_blocks(gain['blocks'])}"
        )
    if build:
        added = advice["us_per_written_row"]
        yield f"    built in {build:.2f} s; {added:g} us more for a written row"


def _blocks(blocks: Sequence[float]) -> str:
    """Return the blocks of a run, before and after; nothing for the requests of a cache."""
    return f", blocks {blocks[0]:,.0f} -> {blocks[1]:,.0f}" if any(blocks) else ""


def check_document(check: Check) -> dict[str, Any]:
    """Return the document that ``--check --json`` prints."""
    record = check.record
    return {
        "version": 1,
        "id": record.id,
        "change": record.title,
        "recorded": record.at.isoformat(),
        "deployed": None if check.deployed is None else check.deployed.isoformat(),
        "verdict": check.verdict,
        "gains": [
            {
                "operation": each.promise.name or each.promise.operation,
                "root": each.promise.root,
                "promised": [each.promise.low, each.promise.high],
                "before_ms": round(each.promise.before_ms, 4),
                "after_ms": round(each.after_ms, 4),
                "gain": round(each.gain, 2) if each.calls else None,
                "calls": each.calls,
            }
            for each in check.gains
        ],
        "undo": list(record.undo),
    }


def check_lines(check: Check) -> Iterator[str]:
    """Yield the lines of a check."""
    record = check.record
    yield f"{record.title} of {record.target}: {check.verdict}"
    if check.deployed is None:
        at = f"{record.at:%Y-%m-%d %H:%M} UTC"
        yield f"  fraiseql db apply has made nothing of {record.target} since {at}."
        yield "  Deploy it first; or pass --since TIME if another tool deployed it."
        return
    yield f"  deployed {check.deployed:%Y-%m-%d %H:%M} UTC; promise: {record.confidence}"
    yield from (_gain_line(each) for each in check.gains)
    if check.verdict == "not kept":
        yield from (f"  undo   {each}" for each in record.undo)


def _gain_line(each: CheckedGain) -> str:
    promise = each.promise
    name = promise.name or promise.operation
    if not each.calls:
        return f"  {name} ({promise.root}): no request since"
    return (
        f"  {name} ({promise.root}): {promise.before_ms:.2f} -> {each.after_ms:.2f} ms,"
        f" {each.gain:.1f}x in {each.calls} requests;"
        f" promised {promise.low:.1f}-{promise.high:.1f}x"
    )


def history_lines(settings: Settings) -> Iterator[str]:
    """Yield the recorded advice.

    Raises:
        ConfigurationError: There is none.
    """
    records = history(settings.data_dir)
    if not records:
        raise ConfigurationError(
            f"{settings.data_dir} has no history of advice.",
            hint="Advice is recorded by --evaluate and by --emit.",
        )
    for record in records:
        yield f"{record.id}  {record.at:%Y-%m-%d %H:%M}  {record.confidence}  {record.title}"


def history_document(settings: Settings) -> list[dict[str, Any]]:
    """Return the recorded advice for ``--json``."""
    return [_record_document(each) for each in history(settings.data_dir)]


def _record_document(record: AdviceRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "at": record.at.isoformat(),
        "kind": record.kind,
        "change": record.title,
        "target": record.target,
        "confidence": record.confidence,
        "undo": list(record.undo),
    }
