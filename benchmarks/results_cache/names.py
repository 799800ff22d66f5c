"""Names: what results and the page call the ways that are compared."""

PLAIN, LOOK_UP, GET = "primary key", "look-up", "Redis GET"
NONE, LOG, NOTIFY, COUNTER = "none", "change log", "NOTIFY", "one counter row"
TOGETHER, ALONE = "single flight", "no protection"
LIVE, KEPT = "live", "kept"
