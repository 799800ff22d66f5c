"""Metric of the doctor's findings."""

from collections.abc import Callable, Sequence
from typing import Final

from fraiseql.database import Pool
from fraiseql.exposition import head, sample
from fraiseql.operating.doctor.examine import examine_application
from fraiseql.operating.doctor.fault import SEVERITIES
from fraiseql.operating.metrics.background import BackgroundLines
from fraiseql.schema import Schema
from fraiseql.settings import Settings

EXAMINE_SECONDS: Final = 300.0
"""Seconds after which a scrape has the database examined again."""

_FINDINGS: Final = "fraiseql_doctor_findings"


def finding_metrics(
    schema: Schema, settings: Settings, serving: Callable[[], Pool]
) -> BackgroundLines:
    """Return the lines of ``/metrics`` about findings.

    Args:
        schema: The declarations.
        settings: Settings of the application; faults in ``doctor_ignore`` are not counted.
        serving: Returns the connections of the running service.
    """

    async def lines() -> Sequence[str]:
        examination = await examine_application(schema, settings, serving())
        severities = [each.severity for each in examination.diagnoses]
        counts = [
            sample(_FINDINGS, {"severity": severity}, severities.count(severity))
            for severity in SEVERITIES
        ]
        return [*head(_FINDINGS, "Findings of the doctor, by severity", "gauge"), *counts]

    return BackgroundLines("findings", EXAMINE_SECONDS, lines)
