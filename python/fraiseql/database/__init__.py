"""The database: the pool, identities, a resolver's own SQL; only here the driver is known."""

from asyncpg import Record

from fraiseql.database.facade import Database, Transaction
from fraiseql.database.identity import Identity
from fraiseql.database.pool import Pool, open_pool
from fraiseql.database.watching import in_transaction, watched_writes

__all__ = [
    "Database",
    "Identity",
    "Pool",
    "Record",
    "Transaction",
    "in_transaction",
    "open_pool",
    "watched_writes",
]
