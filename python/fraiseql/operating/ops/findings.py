"""Tab of the doctor: its findings, with commands to copy."""

from typing import Final

from fraiseql.database import Pool
from fraiseql.operating.doctor.examine import Examination, examine_application
from fraiseql.operating.ops.tables import Cell, Columns, PageTable, TabContents
from fraiseql.schema import Schema
from fraiseql.settings import Settings

_COLUMNS: Final[Columns] = {
    "severity": "text",
    "code": "text",
    "object": "text",
    "fault": "text",
    "evidence": "text",
    "do": "code",
    "undo": "code",
    "lock": "text",
}
_HIDDEN: Final[Columns] = {"code": "text", "reason": "text"}


async def finding_contents(schema: Schema, settings: Settings, pool: Pool, app: str) -> TabContents:
    """Return the contents of the tab.

    Args:
        schema: The declarations.
        settings: Settings of the application.
        pool: Connections of the service.
        app: The application's name on the command line.

    Raises:
        DatabaseError: The database cannot be read.
    """
    examination = await examine_application(schema, settings, pool, app)
    summary = "The doctor sees no fault" if not examination.diagnoses else "Faults"
    notes = [
        f"{summary}, as role {examination.role}. This page changes nothing: copy the commands.",
        f"The meaning of a code: fraiseql doctor {app} --explain CODE.",
    ]
    tables = [PageTable("Faults", _COLUMNS, _rows(examination))] if examination.diagnoses else []
    if examination.not_seen:
        hidden: list[list[Cell]] = [[each.code, each.reason] for each in examination.not_seen]
        tables.append(PageTable("Not looked for", _HIDDEN, hidden))
    return TabContents(tables, notes, [("Look on the command line", f"fraiseql doctor {app}")])


def _rows(examination: Examination) -> list[list[Cell]]:
    return [
        [
            each.severity,
            each.fault.code,
            each.object,
            f"{each.fault.title}. {each.fault.why}",
            ", ".join(f"{name} {value}" for name, value in each.evidence.items()),
            "\n".join(each.command),
            "\n".join(each.undo),
            each.fault.lock,
        ]
        for each in examination.diagnoses
    ]
