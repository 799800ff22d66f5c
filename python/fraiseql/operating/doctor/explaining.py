"""Explanations of the doctor's findings, from the table of faults."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields

from fraiseql.operating.doctor.fault import Fault
from fraiseql.operating.doctor.thresholds import Thresholds
from fraiseql.operating.doctor.visibility import REMEDIES

_ENTRY = r"^ {4,8}(\w+): (.+(?:\n {9,}.+)*)$"


def explanation(fault: Fault) -> Iterator[str]:
    """Yield the sections of a fault's explanation, in Markdown."""
    meanings = _meanings()
    yield f"{fault.title}. Severity: {fault.severity}, unless the finding says another."
    yield f"## Why it matters\n\n{fault.why}"
    conditions = [
        *(
            f"- `{field.name}` = {field.default:,g}: {meanings[field.name]}"
            for field in fields(Thresholds)
            if field.name in fault.thresholds
        ),
        *(f"- Not seen if {REMEDIES[need]}." for need in fault.needs),
        *(["- Only with `--deep`."] if fault.deep else []),
    ]
    if conditions:
        yield "## When it is reported\n\n" + "\n".join(conditions)
    steps = (
        f"- Command: {fault.command}",
        f"- Lock: {fault.lock}.",
        f"- Undo: {fault.undo}",
    )
    yield "## What to do\n\n" + "\n".join(steps)
    yield (
        f"The finding prints the exact commands. `fraiseql doctor APP --apply {fault.code}` runs"
        f" them if they are SQL; `--ignore {fault.code}` leaves the finding out."
    )


def _meanings() -> Mapping[str, str]:
    described = (Thresholds.__doc__ or "").replace("``", "`")
    entries = re.findall(_ENTRY, described, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
