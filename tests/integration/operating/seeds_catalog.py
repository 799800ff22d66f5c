"""Faults of tables and indexes, each with the statements that cause it."""

from tests.integration.operating.scratch import ADD_ROWS, Seed

TABLE = "CREATE TABLE t (id int PRIMARY KEY, n int)"
FILLED = (TABLE, ADD_ROWS.format("t"), "VACUUM (ANALYZE) t")

SEEDS = (
    Seed(
        code="AUTOVACUUM_OFF",
        sql=(TABLE, "ALTER TABLE t SET (autovacuum_enabled = off)"),
    ),
    Seed(
        code="AUTOVACUUM_OFF",
        sql=("ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()"),
        clean=("ALTER SYSTEM RESET autovacuum", "SELECT pg_reload_conf()"),
    ),
    Seed(code="NEVER_ANALYZED", sql=(TABLE, ADD_ROWS.format("t")), returns=False),
    Seed(
        code="STATISTICS_OLD",
        sql=(*FILLED, "UPDATE t SET n = 0", "VACUUM t"),
        thresholds={"settled_seconds": 0},
        returns=False,
    ),
    Seed(
        code="DEAD_ROWS",
        sql=(*FILLED, "UPDATE t SET n = 0", "ANALYZE t"),
        returns=False,
    ),
    Seed(
        code="KEY_TYPE_NEAR_END",
        sql=("CREATE TABLE t (id serial PRIMARY KEY)", "SELECT setval('t_id_seq', 2000000000)"),
    ),
    Seed(
        code="KEY_TYPE_NEAR_END",
        sql=(
            "CREATE TABLE t (id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
            "SELECT setval('t_id_seq', 32000)",
        ),
    ),
    Seed(code="NO_PRIMARY_KEY", sql=("CREATE TABLE t (id int, n int)",)),
    Seed(code="NO_PRIMARY_KEY", sql=("CREATE TABLE t (id int UNIQUE NOT NULL, n int)",)),
    Seed(
        code="FK_NOT_INDEXED",
        sql=(
            "CREATE TABLE parent (id int PRIMARY KEY)",
            "INSERT INTO parent SELECT generate_series(1, 2000)",
            'CREATE TABLE t (id int PRIMARY KEY, "Of" int REFERENCES parent)',
            ADD_ROWS.format("t"),
            "VACUUM (ANALYZE) parent, t",
        ),
        clean=("DROP TABLE t, parent",),
        thresholds={"foreign_key_rows": 2000},
    ),
    Seed(
        code="INDEX_DUPLICATE",
        sql=(*FILLED, "CREATE INDEX a ON t (n)", "CREATE INDEX b ON t (n)"),
    ),
    Seed(
        code="INDEX_PREFIX",
        sql=(*FILLED, "CREATE INDEX a ON t (n)", "CREATE INDEX b ON t (n, id)"),
    ),
    Seed(
        code="INDEX_UNUSED",
        sql=(*FILLED, "CREATE INDEX a ON t (n)"),
        thresholds={"unused_days": 0, "unused_bytes": 1},
    ),
)
