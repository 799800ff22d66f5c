"""The database: the pool, identities, a resolver's own SQL; only here the driver is known."""

from asyncpg import Record

from fraiseql.database.facade import Database, Transaction
from fraiseql.database.identity import Identity
from fraiseql.database.pool import Pool, open_pool

__all__ = ["Database", "Identity", "Pool", "Record", "Transaction", "open_pool"]
