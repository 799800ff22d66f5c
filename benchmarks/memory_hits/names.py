"""Names of the compared ways in results and page."""

CONSTANT, LIVE, LIVE_LIST = "constant answer", "live, by key", "live, list of 20"
HIT, HIT_LIST, UNCHANGED = "hit, by key", "hit, list of 20", "hit, `304`"
REDIS_HIT = "hit, store `redis`"
BY_TABLE = "hit, by key, tags of tables"
PGBENCH, ASYNCPG, GET = "pgbench, by key", "asyncpg, by key", "Redis GET, redis-py"
IDLE, SAME, OTHER = "none", "the same table", "another table"
NO_LOG, NO_INDEX, INDEX = "no change log", "change log without index", "change log"
