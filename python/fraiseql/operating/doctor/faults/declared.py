"""Faults of stored documents and caches, which their own modules find."""

from typing import Final

from fraiseql.operating.doctor.fault import Fault

_APPLIES: Final = "none before fraiseql db apply, whose plan lists its locks"

FAULTS: Final[tuple[Fault, ...]] = (
    Fault(
        code="NOT_APPLIED",
        title="The database does not have the declared objects",
        why="They are missing, or were made from another declaration, or a refusal says why they"
        " cannot be made. The types are read live, and their queries are not cached.",
        severity="warning",
        command="Applies the declarations.",
        lock=_APPLIES,
        undo="None; fraiseql db plan lists the undo of each step.",
    ),
    Fault(
        code="STORED_READS_LIVE",
        title="Stored documents exist and are not read",
        why="They are incomplete, were not filled after a restore, or another definition has"
        " changed since. Answers are right, and slower.",
        severity="warning",
        command="Rebuilds incomplete documents.",
        undo="None.",
    ),
    Fault(
        code="STORED_DIFFERS",
        title="Stored documents differ from live ones",
        why="Someone disabled a trigger or wrote to the storage table itself. Only a sample of"
        " the rows is compared; fraiseql db verify compares all.",
        severity="error",
        command="Rebuilds the documents that differ.",
        undo="None.",
        thresholds=("sample_percent",),
        deep=True,
    ),
    Fault(
        code="QUEUE_BEHIND",
        title="An asynchronous projection is behind",
        why="Its queue is not processed: no worker runs, or it does not keep up.",
        severity="warning",
        command="Starts a worker.",
        undo="None.",
        thresholds=("queue_seconds",),
    ),
    Fault(
        code="VIEW_BEHIND",
        title="A materialized view is older than declared, or its refresh fails",
        why="No worker runs, a refresh takes longer than its interval, or the query of the view"
        " fails: the evidence has the message.",
        severity="warning",
        command="Refreshes the view.",
        undo="None.",
    ),
    Fault(
        code="CACHE_NOT_ALLOWED",
        title="The role of the application is missing privileges on result caches",
        why="Without them every answer is computed.",
        severity="warning",
        command="Grants them, run as the role that applies.",
        undo="Revoke the privileges that fraiseql db grant printed.",
    ),
    Fault(
        code="ROLLING_INDEX_BEHIND",
        title="A rolling index was not moved forward",
        why="No worker runs. The index still serves its queries, and grows larger than its window"
        " needs.",
        severity="warning",
        command="Starts a worker.",
        lock="SHARE UPDATE EXCLUSIVE on the table while the next index is built",
        undo="None.",
    ),
    Fault(
        code="POOLER_TRANSACTION_MODE",
        title="A pooler shares servers between transactions and loses prepared statements",
        why="The application does not start: PgBouncer before 1.21 in transaction mode sends two"
        " statements of one connection to different servers, as pg_backend_pid() shows. No"
        " statement of the application works, so nothing else is examined.",
        severity="error",
        command="Change the configuration of the pooler, or its version.",
        undo="The former configuration.",
    ),
    Fault(
        code="REDIS_POLICY",
        title="A full Redis refuses new results",
        why="With noeviction, results are not stored any more once maxmemory is reached. All keys"
        " of FraiseQL expire, so that volatile-lru evicts those that are asked for least.",
        severity="warning",
        command="Sets the policy; write it into redis.conf too.",
        undo="Sets noeviction.",
    ),
)
