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
        embed_rows: Rows of a table that an embedded list reads without an index.
        log_rows: Rows of the change log.
        equal_statements: Runs of one statement in one request.
        cache_answers: Answers of a query that is cached.
        cache_cost_ms: Milliseconds that an answer which is no hit costs in addition.
        skew_seconds: Difference of the clocks.
        sample_percent: Per cent of the stored documents that ``--deep`` compares.
        queue_seconds: Age of the oldest write that an asynchronous projection has not processed.
        key_share: Used numbers of a key by its largest.
        buffers_share: PostgreSQL's cache by the memory of the machine.
        memory_share: Memory that the application's connections may use, by that of the machine.
        page_reads: Reads whose mean time counts.
        read_ms: Milliseconds of a read that is as fast as memory or a solid-state disk.
        jit_share: Time of JIT compilation by the time of short statements.
        short_ms: Milliseconds below which the mean of a statement is short.
        checkpoints: Requested checkpoints.
        checkpoint_share: Write-ahead log by requested checkpoint, by ``max_wal_size``.
        connections_share: Used connections by the allowed ones.
        idle_seconds: Seconds without a statement in an open transaction.
        prepared_seconds: Age of a prepared transaction in seconds.
        slot_bytes: Write-ahead log that an inactive slot holds.
        frozen_share: Age of the oldest row by ``autovacuum_freeze_max_age``.
        temp_bytes: Bytes of temporary files by call of a statement.
        temp_calls: Calls of such a statement.
        policy_rows: Rows of a table whose policy calls a function for each.
    """

    rows: float = 1_000
    modified_share: float = 0.5
    settled_seconds: float = 300
    dead_share: float = 0.4
    foreign_key_rows: float = 10_000
    unused_days: float = 7
    unused_bytes: float = 1_000_000
    embed_rows: float = 1_000
    log_rows: float = 1_000_000
    equal_statements: float = 20
    cache_answers: float = 1_000
    cache_cost_ms: float = 0.5
    skew_seconds: float = 1
    sample_percent: float = 1
    queue_seconds: float = 60
    key_share: float = 0.7
    buffers_share: float = 0.1
    memory_share: float = 0.8
    page_reads: float = 1_000
    read_ms: float = 0.5
    jit_share: float = 0.1
    short_ms: float = 100
    checkpoints: float = 10
    checkpoint_share: float = 0.25
    connections_share: float = 0.8
    idle_seconds: float = 60
    prepared_seconds: float = 60
    slot_bytes: float = 16_777_216
    frozen_share: float = 1.5
    temp_bytes: float = 10_000_000
    temp_calls: float = 10
    policy_rows: float = 10_000
