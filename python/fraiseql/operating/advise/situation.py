"""Facts that all candidates are judged by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fraiseql.operating.advise.document_times import DocumentTimes
from fraiseql.operating.advise.table_facts import DatabaseFacts
from fraiseql.operating.advise.workload import Workload
from fraiseql.schema import Schema


@dataclass(frozen=True, slots=True)
class Situation:
    """An application, its trace and its database.

    Attributes:
        schema: The declared schema.
        workload: The trace.
        facts: Facts of the database.
        times: Times of a round trip and of documents.
        write_share: Share of writes among reads and writes; None takes the server's counts.
    """

    schema: Schema
    workload: Workload
    facts: DatabaseFacts
    times: DocumentTimes
    write_share: float | None = None

    def writes(self, tables: Iterable[str], calls: float) -> float:
        """Return the rows written per second.

        Args:
            tables: The tables, each ``schema.name``.
            calls: Reads per second, of which ``write_share`` is a share.
        """
        if self.write_share is not None:
            return calls * self.write_share / max(1.0 - self.write_share, 1e-6)
        return sum(
            self.facts.tables[name].writes_per_second
            for name in set(tables)
            if name in self.facts.tables
        )


Times = Mapping[str, float]
"""Milliseconds of each statement, by its id."""
