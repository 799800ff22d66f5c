"""Faults of row security and collations, each with the statements that cause it."""

from tests.integration.operating.scratch import ADD_ROWS, Seed

# The tests connect as a superuser.
SUPERUSER = frozenset({"RLS_BYPASSED"})
TABLE = "CREATE TABLE t (id int PRIMARY KEY, n int)"
SECURED = "ALTER TABLE t ENABLE ROW LEVEL SECURITY"

SEEDS = (
    Seed(
        code="RLS_CALL_PER_ROW",
        sql=(
            TABLE,
            ADD_ROWS.format("t"),
            SECURED,
            "CREATE POLICY p ON t USING (n = current_setting('app.tenant', true)::int)",
            "VACUUM (ANALYZE) t",
        ),
        companions=SUPERUSER,
        thresholds={"policy_rows": 2000},
    ),
    Seed(
        code="RLS_CALL_PER_ROW",
        sql=(
            TABLE,
            ADD_ROWS.format("t"),
            SECURED,
            "CREATE FUNCTION tenant() RETURNS int STABLE LANGUAGE sql AS 'SELECT 1'",
            "CREATE POLICY p ON t USING (n = tenant() OR n = (SELECT tenant()))",
            "VACUUM (ANALYZE) t",
        ),
        clean=("DROP TABLE t", "DROP FUNCTION tenant()"),
        companions=SUPERUSER,
        thresholds={"policy_rows": 2000},
    ),
    Seed(
        code="RLS_POLICY_WITHOUT_RLS",
        sql=(TABLE, "CREATE POLICY p ON t USING (n = 1)"),
    ),
    Seed(
        code="VIEW_SKIPS_RLS",
        sql=(TABLE, SECURED, "CREATE VIEW v AS SELECT id FROM t"),
        companions=SUPERUSER,
    ),
)
