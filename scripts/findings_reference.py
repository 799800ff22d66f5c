"""Pages of the doctor's findings, from the table of faults."""

from collections.abc import Iterator

from fraiseql.operating.doctor.explaining import explanation
from fraiseql.operating.doctor.faults import FAULTS

_TABLE = ["| finding | severity | fault |", "|---|---|---|"]


def index_sections() -> list[str]:
    """Return the sections of the table of all findings."""
    text = (
        "`fraiseql doctor` looks for these faults; [Find faults](../how-to/find-faults.md) shows"
        " how to use it."
    )
    rows = [
        f"| [`{fault.code}`](../findings/{fault.code}.md) | {fault.severity} | {fault.title} |"
        for fault in sorted(FAULTS, key=lambda fault: fault.code)
    ]
    return [text, "\n".join([*_TABLE, *rows])]


def finding_sections() -> Iterator[tuple[str, list[str]]]:
    """Yield the code of each fault, and the sections of its page."""
    for fault in FAULTS:
        yield fault.code, list(explanation(fault))
