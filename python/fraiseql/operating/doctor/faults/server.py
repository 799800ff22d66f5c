"""Faults of the server's settings."""

from typing import Final

from fraiseql.operating.doctor.fault import Fault, SqlFault, sql_faults

_SETTING: Final = "Sets the setting as it was."

FAULTS: Final[tuple[SqlFault, ...]] = sql_faults(
    __name__,
    (
        Fault(
            code="SHARED_BUFFERS_SMALL",
            title="PostgreSQL's cache is small and the database does not fit into it",
            why="Pages come from the operating system or the disk again and again, although the"
            " machine has memory. The memory is read on the server, limits of containers"
            " included.",
            severity="warning",
            command="Sets shared_buffers to a quarter of the memory; works after a restart.",
            lock="none; a restart ends all connections",
            undo=_SETTING,
            needs=("memory",),
            thresholds=("buffers_share",),
        ),
        Fault(
            code="MEMORY_OVERCOMMIT",
            title="Connections may use more memory than the machine has",
            why="Each sort and hash of each connection may take work_mem, hashes times"
            " hash_mem_multiplier. An error if the connections of this application alone exceed"
            " the memory: then Linux ends a process, and PostgreSQL restarts.",
            severity="info",
            command="Lowers work_mem so that all connections fit.",
            undo=_SETTING,
            needs=("memory",),
            thresholds=("memory_share",),
        ),
        Fault(
            code="UNSAFE_DURABILITY",
            title="A crash can lose or damage data",
            why="Without fsync or full_page_writes, a crash of the machine may leave a database"
            " that cannot be read. The embedded server of tests, which has them off in"
            " postgresql.conf, is exempt.",
            severity="error",
            command="Sets the setting to on.",
            undo=_SETTING,
        ),
        Fault(
            code="NO_STATEMENT_STATISTICS",
            title="PostgreSQL does not count statements",
            why="Without pg_stat_statements it is unknown which statements take the time."
            " Without the library, an embedded server is exempt.",
            severity="info",
            command="Adds the library to shared_preload_libraries if it is missing, which works"
            " after a restart, and creates the extension.",
            undo="Drops the extension, and sets the libraries as they were.",
            needs=("all_settings",),
        ),
        Fault(
            code="RESTART_PENDING",
            title="A changed setting waits for a restart",
            why="The server runs with the old value, and the new one comes as a surprise at the"
            " next restart.",
            severity="warning",
            command="Restart the server, or reset the setting.",
            lock="a restart ends all connections",
            undo="None.",
        ),
        Fault(
            code="CONFIG_FILE_ERROR",
            title="A configuration file has an error",
            why="PostgreSQL ignores the line, or the whole file at the next reload, and may not"
            " start again. Settings that only wait for a restart do not count.",
            severity="error",
            command="Correct the line that the finding names, then reload.",
            undo="None.",
            needs=("file_settings",),
        ),
        Fault(
            code="SETTING_OVERRIDDEN",
            title="A setting of ALTER SYSTEM has no effect",
            why="The command line, the database or the role sets another value, which wins.",
            severity="warning",
            command="Resets the setting where it wins, if that is in the database.",
            undo="Sets it again.",
            needs=("file_settings",),
        ),
        Fault(
            code="ISOLATION_DEFAULT",
            title="Transactions do not default to READ COMMITTED",
            why="Triggers that keep projections up to date need READ COMMITTED: fraiseql db apply"
            " refuses with ISOLATION, and writers have to repeat transactions.",
            severity="warning",
            command="Sets or resets the default of the server, database or role.",
            undo="Sets the default as it was.",
        ),
        Fault(
            code="RANDOM_PAGE_COST",
            title="Random reads are cheaper than the planner assumes",
            why="The measured time of a read shows a fast disk or a full cache, and"
            " random_page_cost makes the planner prefer sequential scans.",
            severity="info",
            command="Sets random_page_cost to 1.1.",
            undo=_SETTING,
            needs=("read_times",),
            thresholds=("page_reads", "read_ms"),
        ),
        Fault(
            code="JIT_COSTS",
            title="Short statements spend their time on JIT compilation",
            why="Compilation pays for long statements only. Measured over all short"
            " statements of the database; connections of FraiseQL have jit off.",
            severity="warning",
            command="Turns jit off for new connections to the database.",
            undo="Resets jit for the database.",
            needs=("statement_statistics", "all_stats"),
            thresholds=("jit_share", "short_ms"),
        ),
        Fault(
            code="CHECKPOINTS_FORCED",
            title="Most checkpoints are requested, not timed",
            why="The write-ahead log reaches max_wal_size before checkpoint_timeout. Frequent"
            " checkpoints write more: each page in full after each. Those of backups,"
            " CREATE DATABASE and CHECKPOINT count too, so the written log must be long enough.",
            severity="warning",
            command="Doubles max_wal_size, and begins the counts again.",
            undo=_SETTING,
            thresholds=("checkpoints", "checkpoint_share"),
            needs=("reset_statistics",),
        ),
        Fault(
            code="CONNECTIONS_NEAR_MAX",
            title="Connections are nearly used up",
            why="Above the limit, connections are refused: requests wait and then fail. Reported"
            " before that happens, too, if the pools of one process alone exceed the limit.",
            severity="warning",
            command="Raises max_connections, which works after a restart. Or lower pool_size.",
            lock="none; a restart ends all connections",
            undo=_SETTING,
            thresholds=("connections_share",),
        ),
    ),
)
