"""Access to PostgreSQL: pool, identities and SQL of resolvers."""

from asyncpg import Record

from fraiseql.database.admission import Usage
from fraiseql.database.bounding import UNBOUNDED, Budget
from fraiseql.database.endpoint import Endpoint
from fraiseql.database.facade import Database, Transaction
from fraiseql.database.identity import Identity
from fraiseql.database.latency import Priority, caller
from fraiseql.database.messages import texts
from fraiseql.database.observing import (
    Observation,
    RecordedStatement,
    observation,
    observed,
    reading_stored,
    record,
    unobserved,
)
from fraiseql.database.origin import Origin
from fraiseql.database.pool import Pool, open_pool
from fraiseql.database.repeated_statement import (
    RepeatedStatement,
    StatementPair,
    Values,
    repeat,
)
from fraiseql.database.session_monitor import SessionMonitor
from fraiseql.database.write_tracking import in_transaction, watched_writes
from fraiseql.database.write_transaction import (
    RefusableRows,
    WriteTransaction,
    write_transaction,
)

__all__ = [
    "UNBOUNDED",
    "Budget",
    "Database",
    "Endpoint",
    "Identity",
    "Observation",
    "Origin",
    "Pool",
    "Priority",
    "Record",
    "RecordedStatement",
    "RefusableRows",
    "RepeatedStatement",
    "SessionMonitor",
    "StatementPair",
    "Transaction",
    "Usage",
    "Values",
    "WriteTransaction",
    "caller",
    "in_transaction",
    "observation",
    "observed",
    "open_pool",
    "reading_stored",
    "record",
    "repeat",
    "texts",
    "unobserved",
    "watched_writes",
    "write_transaction",
]
