"""Names of the compared ways in results and page."""

PLAIN, LOOK_UP, GET = "primary key", "look-up", "Redis GET"
LOGGED, REDIS = "look-up, logged", "look-up, redis"
NONE, LOG, NOTIFY, COUNTER = "none", "change log", "NOTIFY", "one counter row"
TOGETHER, ALONE = "single flight", "no protection"
LIVE, STORED = "live", "stored"
COSTLY = "sums over 2,000 users' posts"
"""Title of the query over HTTP."""
