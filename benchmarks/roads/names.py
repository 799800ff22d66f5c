"""Names of the compared servers and operations in results and page."""

from typing import Final

NATIVE: Final = "FraiseQL, native"
PYTHON: Final = "FraiseQL, Python server"
STRAWBERRY: Final = "Strawberry, loaders"
ARIADNE: Final = "Ariadne, loaders"
POSTGRAPHILE: Final = "PostGraphile"
PGBENCH: Final = "pgbench, by key"
REDIS: Final = "Redis GET, redis-benchmark"

CONSTANT: Final = "constant answer"
KEY, LIST, NESTED = "Q1", "Q3", "Q4"
HIT: Final = "exact hit, by key"
