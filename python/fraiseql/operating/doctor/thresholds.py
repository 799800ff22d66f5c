"""Thresholds of the doctor's faults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Figures from which on a state is a fault; each diagnosis prints those that it used.

    Attributes:
        rows: Rows of a table without statistics, or with old ones or dead rows.
        modified_share: Share of changed rows since the last ANALYZE.
        settled_seconds: Seconds after an ANALYZE in which statistics do not count as old: rows that
            its own transaction loaded count as changed.
        dead_share: Dead rows by live rows.
        foreign_key_rows: Rows of the referencing table of a foreign key without an index.
        unused_days: Days of statistics without a scan of an index.
        unused_bytes: Size of an index that is not used.
    """

    rows: float = 1_000
    modified_share: float = 0.5
    settled_seconds: float = 300
    dead_share: float = 0.4
    foreign_key_rows: float = 10_000
    unused_days: float = 7
    unused_bytes: float = 1_000_000
