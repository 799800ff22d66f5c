"""Faults of the server and of sessions, each with the statements that cause it."""

from tests.integration.operating.scratch import Seed

RELOAD = "SELECT pg_reload_conf()"


def changed(name: str, value: str) -> tuple[str, ...]:
    """Statements that set a setting of the server."""
    return (f"ALTER SYSTEM SET {name} = {value}", RELOAD)


def reset(name: str) -> tuple[str, ...]:
    """Statements that set it back."""
    return (f"ALTER SYSTEM RESET {name}", RELOAD)


SEEDS = (
    Seed(
        code="MEMORY_OVERCOMMIT",
        sql=changed("work_mem", "'1GB'"),
        clean=reset("work_mem"),
        scope={"memory": 2**34},
    ),
    Seed(code="UNSAFE_DURABILITY", sql=changed("fsync", "off"), clean=reset("fsync")),
    Seed(
        code="NO_STATEMENT_STATISTICS",
        sql=("DROP EXTENSION pg_stat_statements",),
        clean=("CREATE EXTENSION IF NOT EXISTS pg_stat_statements",),
    ),
    Seed(
        code="RESTART_PENDING",
        sql=changed("max_connections", "60"),
        clean=reset("max_connections"),
        by_hand=reset("max_connections"),
        returns=False,
    ),
    Seed(
        code="SETTING_OVERRIDDEN",
        sql=(
            *changed("work_mem", "'5MB'"),
            "ALTER DATABASE doctor SET work_mem = '6MB'",
        ),
        clean=("ALTER DATABASE doctor RESET work_mem", *reset("work_mem")),
        fresh=True,
    ),
    Seed(
        code="SETTING_OVERRIDDEN",
        sql=(*changed("work_mem", "'5MB'"), "ALTER ROLE postgres SET work_mem = '6MB'"),
        clean=("ALTER ROLE postgres RESET work_mem", *reset("work_mem")),
        fresh=True,
    ),
    Seed(
        code="ISOLATION_DEFAULT",
        sql=("ALTER DATABASE doctor SET default_transaction_isolation = serializable",),
        clean=("ALTER DATABASE doctor RESET default_transaction_isolation",),
    ),
    Seed(
        code="ISOLATION_DEFAULT",
        sql=changed("default_transaction_isolation", "'repeatable read'"),
        clean=reset("default_transaction_isolation"),
    ),
    Seed(
        code="RANDOM_PAGE_COST",
        sql=changed("random_page_cost", "4"),
        clean=changed("random_page_cost", "1.1"),
        # No claim on this machine's disk: every mean time counts as fast.
        thresholds={"page_reads": 1, "read_ms": 1e9},
    ),
    Seed(
        code="CHECKPOINTS_FORCED",
        sql=("CHECKPOINT", "CHECKPOINT"),
        clean=reset("max_wal_size"),
        # Of CHECKPOINT, so that nothing must be written.
        thresholds={"checkpoints": 2, "checkpoint_share": 0},
        returns=False,
    ),
    Seed(
        code="IDLE_IN_TRANSACTION",
        held=("BEGIN",),
        clean=(),
        thresholds={"idle_seconds": 0},
        returns=False,
    ),
    Seed(
        code="PREPARED_TRANSACTION",
        sql=(
            "CREATE TABLE t (id int PRIMARY KEY)",
            "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'doctor''s'",
        ),
        thresholds={"prepared_seconds": 0},
        returns=False,
    ),
    Seed(
        code="SLOT_HOLDS_WAL",
        sql=("SELECT pg_create_physical_replication_slot('doctor', true)",),
        clean=(),
        thresholds={"slot_bytes": 0},
        returns=False,
    ),
    Seed(
        code="TEMP_FILES",
        sql=(
            "SET work_mem = '64kB'",
            "SELECT FROM (SELECT g FROM generate_series(1, 20000) AS g ORDER BY -g OFFSET 20000) s",
            "RESET work_mem",
        ),
        clean=("ALTER ROLE postgres RESET work_mem",),
        thresholds={"temp_bytes": 100_000, "temp_calls": 1},
        returns=False,
    ),
)
