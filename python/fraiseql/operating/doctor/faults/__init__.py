"""Every known fault, those first that explain others."""

from fraiseql.operating.doctor.fault import Fault, SqlFault
from fraiseql.operating.doctor.faults import indexes, tables

SQL_FAULTS: tuple[SqlFault, ...] = (*tables.FAULTS, *indexes.FAULTS)

FAULTS: tuple[Fault, ...] = tuple(each.fault for each in SQL_FAULTS)
