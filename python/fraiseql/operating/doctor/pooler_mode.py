"""Diagnosis of a pooler that shares servers between transactions."""

from typing import Final

from fraiseql.database.pooler import shared_server
from fraiseql.operating.doctor.fault import MANUAL, Diagnosis
from fraiseql.operating.doctor.faults.declared import FAULTS
from fraiseql.settings import Settings

_FAULT: Final = next(fault for fault in FAULTS if fault.code == "POOLER_TRANSACTION_MODE")
_STEPS: Final = (
    f"{MANUAL}set pool_mode = session for this database in pgbouncer.ini",
    f"{MANUAL}or use PgBouncer 1.21 or newer with max_prepared_statements = 1000",
)


async def pooler_diagnosis(settings: Settings) -> Diagnosis | None:
    """Return the diagnosis, or None if each connection keeps its server or none is opened.

    Args:
        settings: Uses ``database_url`` and ``connect_timeout``.
    """
    servers = await shared_server(settings.database_url, settings.connect_timeout)
    if servers is None:
        return None
    evidence = {"server_of_a_transaction": servers[0], "server_of_the_next": servers[1]}
    return Diagnosis(_FAULT, "pooler", _FAULT.severity, evidence, _STEPS)
