"""Mutants that a single session detects, each with its statements."""

import re
from dataclasses import dataclass

from fraiseql.caching.strategies.projection.tree import FLUSH
from tests.integration.caching.projection.installation import Change
from tests.integration.caching.projection.interleavings import OFFICE_STEPS
from tests.integration.caching.projection.mutants import replaced
from tests.integration.caching.projection.schemas import POST

_OWN = "xid = pg_current_xact_id()"


@dataclass(frozen=True, slots=True)
class Alone:
    """A mutant, and the statements that fail or leave a wrong document with it.

    Attributes:
        name: What is missing.
        case: ``blog`` or ``office``.
        change: Damages a statement.
        script: The statements.
        until: First major version of PostgreSQL in which the mutant has no effect.
    """

    name: str
    case: str
    change: Change
    script: str
    until: int = 999


def cleared_late(statement: str) -> str:
    """Empty a flush's queue at its end instead of as it is read."""
    read = re.compile(rf"DELETE FROM (\S+) WHERE {re.escape(_OWN)} RETURNING \*")
    match = read.search(statement)
    if not match:
        return statement
    late = read.sub(rf"SELECT * FROM \1 WHERE {_OWN}", statement)
    return late.replace("  -- [end]", f"  DELETE FROM {match[1]} WHERE {_OWN};\n  -- [end]")


def dispatched_late(statement: str) -> str:
    """Delete the pending flushes after they ran instead of before."""
    if "flush_projections() RETURNS" not in statement:
        return statement
    read = f"DELETE FROM {FLUSH} WHERE {_OWN} RETURNING projection"
    assert read in statement
    late = statement.replace(read, f"SELECT projection FROM {FLUSH} WHERE {_OWN}")
    return late.replace("  RETURN NULL;", f"  DELETE FROM {FLUSH} WHERE {_OWN}; RETURN NULL;")


def deep_edge_last(statement: str) -> str:
    """Lock and expand an edge after the one above it."""
    tasks = re.search(
        r"  -- \[lock edge teams\.people\.tasks\].*?(?=  -- \[lock edge)", statement, re.DOTALL
    )
    if not tasks:
        return statement
    rest = statement.replace(tasks[0], "")
    return rest.replace("  -- [lock edge teams.parent]", f"{tasks[0]}  -- [lock edge teams.parent]")


_REPLICA = """
SET session_replication_role = replica;
UPDATE app.users SET name = 'applied' WHERE id = 3;
RESET session_replication_role;
"""

# While a document is written, a trigger of the user's on it changes another base row.
_CHAIN = f"""
CREATE FUNCTION app.chain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE app.posts SET title = 'chained' WHERE id = 20; RETURN NULL; END $$;
CREATE TRIGGER chain AFTER UPDATE ON {POST.table.sql} FOR EACH ROW WHEN (OLD.id = 10)
  EXECUTE FUNCTION app.chain();
UPDATE app.posts SET title = 'first' WHERE id = 10;
"""

_OTHER_ROLE = """
BEGIN; DROP ROLE IF EXISTS fql_alone; CREATE ROLE fql_alone;
GRANT USAGE ON SCHEMA app TO fql_alone; GRANT SELECT, UPDATE ON app.users TO fql_alone; COMMIT;
SET ROLE fql_alone; BEGIN; UPDATE app.users SET name = 'x' WHERE id = 3; COMMIT; RESET ROLE;
DROP OWNED BY fql_alone; DROP ROLE fql_alone;
"""

_SHADOWED = """
CREATE FUNCTION app.record_image_ne(record, record) RETURNS boolean LANGUAGE plpgsql
  AS 'BEGIN RETURN false; END';
SET search_path = app, pg_catalog;
UPDATE app.users SET name = 'x' WHERE id = 3;
RESET search_path;
"""

_HALF_A_KEY = """
BEGIN;
INSERT INTO app.teams SELECT gen_random_uuid(), 'a' || n, NULL, NULL, 'nowhere'
FROM generate_series(1, 40) n;
INSERT INTO app.teams VALUES ('00000000-0000-0000-0000-000000000008', 'no', 2, NULL, 'there');
COMMIT;
"""

_DIGITS = """
BEGIN; UPDATE app.posts SET score = 1.0 WHERE id = 10; COMMIT;
BEGIN; UPDATE app.posts SET score = 1.00 WHERE id = 10; COMMIT;
"""

# A task goes to another partition, and with it from one document to another.
_MOVING_MERGE = """
BEGIN; INSERT INTO app.people SELECT 20, team_id, 'p20', NULL FROM app.people WHERE id = 2; COMMIT;
BEGIN; MERGE INTO app.tasks t USING (VALUES (1)) AS s(p) ON t.person_id = s.p
WHEN MATCHED THEN UPDATE SET person_id = 20, what = 'far'; COMMIT;
"""

_PARTITION_REPLICATED = """
SET session_replication_role = replica;
UPDATE app.tasks_high SET what = 'applied'; UPDATE app.tasks_low SET what = 'applied';
RESET session_replication_role;
"""

_RETOLD = "UPDATE app.tasks SET what = 'new' WHERE person_id = 1"

_NEW_ROOTS = "BEGIN; TRUNCATE app.users CASCADE; INSERT INTO app.users VALUES (9, 'nine'); COMMIT"

ALONE = (
    Alone("capture is not ENABLE ALWAYS", "blog",
          replaced(r"ALTER TABLE ONLY \S+ ENABLE ALWAYS TRIGGER \S+", "SELECT 1"), _REPLICA),
    Alone("flush is not ENABLE ALWAYS", "blog",
          replaced(rf"ALTER TABLE {FLUSH} ENABLE ALWAYS TRIGGER \w+", "SELECT 1"), _REPLICA),
    Alone("queue is cleared after it was read", "blog", cleared_late, _CHAIN),
    Alone("flush is forgotten after it was done", "blog", dispatched_late, _CHAIN),
    Alone("rows are compared by value", "blog",
          replaced("record_image_ne", "record_ne"), _DIGITS),
    Alone("changed keys are not seen", "blog", replaced("FULL JOIN newtab", "JOIN newtab"),
          "UPDATE app.posts SET id = id + 1000 WHERE id = 30"),
    Alone("TRUNCATE leaves kept documents alone", "blog",
          replaced(r'SELECT t\."id" FROM \S+ t\n +UNION ', ""), "TRUNCATE app.users CASCADE"),
    Alone("TRUNCATE forgets rows that are there", "blog",
          replaced(r'\n +UNION SELECT b\."id" FROM \S+ b', ""), _NEW_ROOTS),
    Alone("half a key is queued", "office",
          replaced(r'CASE WHEN (?:\w\."\w+" IS NOT NULL(?: AND )?)+ THEN (\w\."\w+"::\w+) END',
                   r"\1"), _HALF_A_KEY),
    Alone("a row that leaves its partition is not seen to", "office",
          replaced(r"AFTER DELETE ON (\S+\nFOR EACH ROW)", r"AFTER INSERT ON \1"), _MOVING_MERGE),
    Alone("row capture is not ENABLE ALWAYS", "office",
          replaced(r"ALTER TABLE \S+ ENABLE ALWAYS TRIGGER \S+_row_upd\S+", "SELECT 1"),
          _PARTITION_REPLICATED),
    Alone("a captured row has no new side", "office",
          replaced(r"UNION\s+-- \[new row\].*?;", ";"), OFFICE_STEPS["move task"]),
    Alone("a captured row has no old side", "office",
          replaced(r"-- \[old row\].*?UNION\s", ""), OFFICE_STEPS["move task"]),
    Alone("queued rows are not flushed", "office",
          replaced(r"ELSIF NOT EXISTS .*?RETURN NULL", "ELSE RETURN NULL"), _RETOLD),
    Alone("an edge is gone up before the one below it", "office", deep_edge_last,
          OFFICE_STEPS["insert task"]),
    Alone("capture runs as the writer", "blog",
          replaced(r"(?<=RETURNS trigger\nLANGUAGE plpgsql) SECURITY DEFINER"
                   r"(?=.{0,99}DECLARE\n  fql_queued)", ""), _OTHER_ROLE),
    Alone("the flush runs as the writer", "blog",
          replaced(r"(?<=RETURNS trigger\nLANGUAGE plpgsql) SECURITY DEFINER"
                   r"(?=.{0,99}DECLARE\n  fql_names)", ""), _OTHER_ROLE, until=18),
    Alone("capture finds names by the writer's path", "blog",
          replaced(r"SET search_path = pg_catalog, pg_temp (?=AS \S+\nDECLARE\n  fql_queued)", ""),
          _SHADOWED),
)  # fmt: skip
