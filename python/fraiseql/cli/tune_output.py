"""Output of ``fraiseql tune``: the document, and its text."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from fraiseql.cli.output import counted
from fraiseql.operating.tune.applying import Change
from fraiseql.operating.tune.facts import Facts
from fraiseql.operating.tune.measuring import Measurement
from fraiseql.operating.tune.proposals import Proposal, Tuning
from fraiseql.operating.tune.replay import PAIRS
from fraiseql.sizing.sizes import shown

_NAME = 32
_LEGEND = (
    "Each setting: its value now -> the proposed one, and the reason of the proposal:",
    "  size      follows from the machine",
    "  evidence  is proposed because statistics of the server show its symptom",
    "  planner   changes plans, so it is proposed only if --measure finds no operation slower",
)


def tuning_document(tuning: Tuning, measurement: Measurement | None) -> dict[str, Any]:
    """Return the document that ``--json`` prints."""
    return {
        "version": 1,
        "server": _server(tuning.facts),
        "machine": _machine(tuning.facts),
        "proposals": [_proposal(each) for each in tuning.proposals],
        "candidates": [_proposal(each) for each in tuning.candidates],
        "skipped": [{"name": each.name, "reason": each.reason} for each in tuning.skipped],
        "worst_case": {
            "terms": [{"term": term, "bytes": size} for term, size in tuning.worst.terms],
            "sum": tuning.worst.sum,
            "limit": tuning.worst.limit,
            "fits": tuning.worst.fits,
        },
        "measurement": _measurement(measurement),
        "notes": list(tuning.notes),
    }


def _server(facts: Facts) -> dict[str, Any]:
    return {
        "version": facts.version,
        "role": facts.role,
        "embedded": facts.embedded,
        "provider": facts.provider or None,
    }


def _machine(facts: Facts) -> dict[str, Any]:
    return {
        "memory": facts.memory,
        "memory_source": facts.memory_source,
        "machine_memory": facts.machine_memory,
        "share": facts.share,
        "cpus": facts.cpus,
        "cpus_source": facts.cpus_source,
        "storage": facts.storage,
        "storage_source": facts.storage_source,
        "database_bytes": facts.database_bytes,
        "connections": facts.connections,
        "profile": facts.profile,
    }


def _measurement(measurement: Measurement | None) -> dict[str, Any] | None:
    if measurement is None:
        return None
    return {
        "pairs": PAIRS,
        "parameters": _parameters(measurement),
        "statements": [
            {
                "id": each.statement.id,
                "root": each.statement.root,
                "old_ms": round(median(each.old), 3),
                "new_ms": round(median(each.new), 3),
                "ratio": round(each.ratio, 2),
                "slower": each.is_slower,
                "synthetic": each.statement.synthetic,
            }
            for each in measurement.times
        ],
        "not_measured": [
            {"id": each.id, "root": each.root, "reason": each.reason} for each in measurement.others
        ],
    }


def _parameters(measurement: Measurement) -> str:
    """Return where the parameters come from."""
    drawn = {each.statement.synthetic for each in measurement.times}
    return "sampled" if drawn <= {False} else "synthetic" if drawn == {True} else "both"


def _proposal(proposal: Proposal) -> dict[str, Any]:
    target = proposal.target
    return {
        "id": proposal.name,
        "class": target.kind,
        "old": proposal.old_text,
        "new": proposal.new_text,
        "why": target.why,
        "evidence": dict(target.evidence),
        "command": proposal.command,
        "undo": proposal.undo,
        "risk": proposal.risk,
        "restart": proposal.setting.restart,
    }


def tuning_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a document."""
    yield from _input_lines(document["server"], document["machine"])
    yield ""
    if document["proposals"]:
        yield from _LEGEND
        yield ""
    for each in document["proposals"]:
        yield from _proposal_lines(each)
    if document["candidates"]:
        yield "Not proposed before they are measured: fraiseql tune APP --measure runs the traced"
        yield "statements with them and without, which takes some minutes."
        for each in document["candidates"]:
            yield from _change_lines(each)
        yield ""
    if document["skipped"]:
        yield "Nothing to propose for:"
        yield from (f"  {each['name']:<{_NAME}}  {each['reason']}" for each in document["skipped"])
        yield ""
    if document["measurement"]:
        yield from _measured_lines(document["measurement"])
    yield from _worst_lines(document["worst_case"])
    yield from (f"note      {each}" for each in document["notes"])
    yield _summary(document["proposals"], embedded=document["server"]["embedded"])


def _input_lines(server: Mapping[str, Any], machine: Mapping[str, Any]) -> Iterator[str]:
    kind = "embedded" if server["embedded"] else server["provider"] or "a server of its own"
    yield f"server    PostgreSQL {server['version']}, {kind}, role {server['role']}"
    whole, source = shown(machine["machine_memory"]), machine["memory_source"]
    yield f"memory    {shown(machine['memory'])} = {machine['share']:g} * {whole} ({source})"
    source = f" ({machine['cpus_source']})" if machine["cpus_source"] else ""
    yield f"cpus      {machine['cpus'] or 'unknown'}{source}"
    source = f" ({machine['storage_source']})" if machine["storage_source"] else ""
    yield f"storage   {machine['storage'] or 'unknown'}{source}"
    yield f"databases {shown(machine['database_bytes'])}"
    yield (
        f"load      {machine['connections']} connections, profile {machine['profile']}"
        " (see --connections, --profile)"
    )


def _proposal_lines(proposal: Mapping[str, Any]) -> Iterator[str]:
    yield from _change_lines(proposal)
    yield f"  do:     {proposal['command']}"
    yield f"  undo:   {proposal['undo']}"
    yield f"  risk:   {proposal['risk']}"
    yield ""


def _change_lines(proposal: Mapping[str, Any]) -> Iterator[str]:
    old, new = proposal["old"] or "''", proposal["new"]
    yield f"{proposal['id']:<{_NAME}}  {old} -> {new}  ({proposal['class']})"
    yield f"  why:    {proposal['why']}"


def _measured_lines(measurement: Mapping[str, Any]) -> Iterator[str]:
    times = measurement["statements"]
    count, pairs = counted(len(times), "statement"), counted(measurement["pairs"], "pair")
    yield f"Measured: {count}, {pairs} of runs, medians in ms:"
    for each in times:
        verdict = "  SLOWER" if each["slower"] else ""
        verdict += "  (synthetic parameters)" if each["synthetic"] else ""
        figures = f"{each['old_ms']:>9.3f} -> {each['new_ms']:>9.3f}  {each['ratio']:>5.2f}x"
        yield f"  {figures}  {each['root']} {each['id']}{verdict}"
    for each in measurement["not_measured"]:
        yield f"  not measured: {each['root']} {each['id']}: {each['reason']}"
    yield ""


def _worst_lines(worst: Mapping[str, Any]) -> Iterator[str]:
    yield "Worst case of the memory:"
    for each in worst["terms"]:
        yield f"  {shown(each['bytes']):>8}  {each['term']}"
    verdict = "fits into" if worst["fits"] else "DOES NOT FIT into"
    yield f"  {shown(worst['sum']):>8}  in all, which {verdict} {shown(worst['limit'])}"
    yield ""


def _summary(proposals: Sequence[Mapping[str, Any]], *, embedded: bool) -> str:
    if not proposals:
        return "Nothing to do."
    count = len(proposals)
    restart = sum(each["restart"] for each in proposals)
    text = f"{count} proposal{'s' if count > 1 else ''}"
    summary = f"{text}, {restart} of them with a restart. Nothing was changed."
    restarting = " --restart" if restart and embedded else ""
    return f"{summary} Apply them: fraiseql tune APP --apply{restarting}"


def change_document(change: Change) -> dict[str, Any]:
    """Return the document that ``--json`` prints about a change."""
    return {
        "version": 1,
        "change": change.number,
        "settings": list(change.names),
        "restart_pending": list(change.pending),
        "left": list(change.left),
    }


def change_lines(change: Change, *, undone: bool, embedded: bool) -> Iterator[str]:
    """Yield the lines about a change.

    Args:
        change: The change.
        undone: Whether it was undone.
        embedded: Whether the server is the embedded one.
    """
    if not change.names and not change.pending:
        yield "Nothing to undo." if undone else "Nothing to do."
    if change.names:
        listed = ", ".join(change.names)
        yield f"Change {change.number} {'is undone' if undone else 'is made'}: {listed}."
        if not undone:
            yield f"Undo it: fraiseql tune APP --undo {change.number}"
    for name in change.left:
        yield f"{name} has another value than change {change.number} gave it, and was left."
    if change.pending:
        yield f"Waiting for a restart of PostgreSQL: {', '.join(change.pending)}."
        action = "--undo" if undone else "--apply"
        yield (
            f"  Run: fraiseql tune APP {action} --restart"
            if embedded
            else "  Run for example: sudo systemctl restart postgresql. Then: fraiseql tune APP"
        )
