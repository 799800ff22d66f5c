"""Indexes that the doctor finds superfluous, as candidates."""

from collections.abc import Iterator
from typing import Final

from fraiseql.database import Pool
from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.choice import AdviceProposal
from fraiseql.operating.advise.table_facts import DatabaseFacts, ExistingIndex, TableFacts
from fraiseql.operating.doctor.examine import Scope, examine
from fraiseql.operating.doctor.fault import Diagnosis
from fraiseql.settings import Settings

_CODES: Final = frozenset({"INDEX_DUPLICATE", "INDEX_PREFIX", "INDEX_UNUSED"})
_WRITE_US: Final = -1.5


async def dropped_indexes(
    pool: Pool, settings: Settings, facts: DatabaseFacts
) -> list[AdviceProposal]:
    """Return the proposals to drop an index of the tables that are examined.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    examination = await examine(pool, settings, Scope(only=_CODES))
    proposals = []
    for diagnosis in examination.diagnoses:
        for table, index in _indexes(facts):
            if diagnosis.object.replace('"', "") in (index.name, table.bare_name(index)):
                proposals.append(_proposal(diagnosis, table, index))
    return proposals


def _indexes(facts: DatabaseFacts) -> Iterator[tuple[TableFacts, ExistingIndex]]:
    for table in facts.tables.values():
        yield from ((table, index) for index in table.indexes)


def _proposal(diagnosis: Diagnosis, table: TableFacts, index: ExistingIndex) -> AdviceProposal:
    candidate = Candidate(
        "drop index",
        index.name,
        table.name,
        "",
        "",
        diagnosis.command,
        diagnosis.undo,
        lock=diagnosis.fault.lock,
        size=-round(index.bytes),
        schema=table.schema,
    )
    note = f"{diagnosis.fault.title}: {diagnosis.fault.why} ({diagnosis.fault.code})"
    return AdviceProposal(candidate, us_per_write=_WRITE_US, notes=(note,))
