"""Every known fault, those first that explain others."""

from fraiseql.operating.doctor.fault import Fault, SqlFault
from fraiseql.operating.doctor.faults import (
    activity,
    application,
    declared,
    indexes,
    security,
    server,
    tables,
)

SQL_FAULTS: tuple[SqlFault, ...] = (
    *application.FAULTS,
    *server.FAULTS,
    *activity.FAULTS,
    *tables.FAULTS,
    *indexes.FAULTS,
    *security.FAULTS,
)

FAULTS: tuple[Fault, ...] = (*(each.fault for each in SQL_FAULTS), *declared.FAULTS)
