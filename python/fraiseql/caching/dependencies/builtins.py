"""Kinds of PostgreSQL's own functions, by the inputs of their results."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """Inputs of a function's result besides its arguments and the rows that it reads."""

    CONSTANT = "constant"
    """Nothing, or definitions that the fingerprint has."""
    SETTINGS = "settings"
    """Settings such as ``TimeZone``, equal on all connections of an application."""
    SESSION = "session"
    """The role, session variables and the database."""
    CLOCK = "clock"
    """The time, also by ``'now'`` in a text."""
    SERVER = "server"
    """The server, the connection or its catalog, which change without a logged write."""
    VOLATILE = "volatile"
    """Random values, or a new value for each call."""


# A name matches all functions of that name, unless an entry with argument types matches. The offset
# of a time without a date is that of today. Functions that read texts as elements or attributes of
# a type may read them as instants.
_CLOCK: Final = """
now transaction_timestamp statement_timestamp age
timetz(time) timezone(timetz) timezone(text,timetz)
date_in time_in timetz_in timestamp_in timestamptz_in
array_in record_in range_in multirange_in domain_in
json_populate_record json_populate_recordset jsonb_populate_record jsonb_populate_recordset
jsonb_populate_record_valid jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_tz
jsonb_path_query_array_tz jsonb_path_query_first_tz
"""
_SESSION: Final = """
current_setting current_user session_user getpgusername current_schema current_schemas
current_database getdatabaseencoding
"""
_SERVER: Final = "age(xid)"
# Types whose text may name an object of the catalog are found by their use.
_SETTINGS: Final = """
anytextcat textanycat concat concat_ws format quote_literal quote_nullable array_to_string
to_char to_number to_date to_timestamp convert convert_from convert_to length
array_to_json row_to_json to_json to_jsonb json_build_array json_build_object
json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset
jsonb_build_array jsonb_build_object
json_agg json_agg_transfn json_agg_strict json_agg_strict_transfn
json_object_agg json_object_agg_transfn json_object_agg_strict json_object_agg_strict_transfn
json_object_agg_unique json_object_agg_unique_transfn
json_object_agg_unique_strict json_object_agg_unique_strict_transfn
jsonb_agg jsonb_agg_transfn jsonb_agg_strict jsonb_agg_strict_transfn jsonb_agg_finalfn
jsonb_object_agg_transfn jsonb_object_agg_strict_transfn jsonb_object_agg_unique_transfn
jsonb_object_agg_unique_strict_transfn jsonb_object_agg_finalfn
cash_in cash_out money numeric xml xml_in xml_is_well_formed
date timestamp timestamptz time timetz timezone make_timestamptz date_part date_trunc extract
date_add date_subtract generate_series in_range overlaps
interval_pl_timestamptz timestamptz_pl_interval timestamptz_mi_interval interval_in interval_out
date_cmp_timestamptz date_eq_timestamptz date_ge_timestamptz date_gt_timestamptz
date_le_timestamptz date_lt_timestamptz date_ne_timestamptz
timestamp_cmp_timestamptz timestamp_eq_timestamptz timestamp_ge_timestamptz
timestamp_gt_timestamptz timestamp_le_timestamptz timestamp_lt_timestamptz
timestamp_ne_timestamptz
timestamptz_cmp_date timestamptz_eq_date timestamptz_ge_date timestamptz_gt_date
timestamptz_le_date timestamptz_lt_date timestamptz_ne_date
timestamptz_cmp_timestamp timestamptz_eq_timestamp timestamptz_ge_timestamp
timestamptz_gt_timestamp timestamptz_le_timestamp timestamptz_lt_timestamp
timestamptz_ne_timestamp
date_out timestamp_out timestamptz_out array_out record_out range_out multirange_out
enum_in enum_out enum_first enum_last enum_range
"""


def _kinds(*listed: tuple[Kind, str]) -> Mapping[str, Kind]:
    return {name: kind for kind, names in listed for name in names.split()}


_KINDS: Final = _kinds(
    (Kind.CLOCK, _CLOCK),
    (Kind.SERVER, _SERVER),
    (Kind.SESSION, _SESSION),
    (Kind.SETTINGS, _SETTINGS),
)

LISTED: Final = frozenset(_KINDS)
"""Names of the stable functions that are allowed, some with argument types."""


def kind_of(name: str, arguments: str, volatility: str) -> Kind:
    """Return the kind of one of PostgreSQL's own functions; unlisted stable ones are refused.

    Args:
        name: Without schema.
        arguments: Names of the argument types, separated by commas.
        volatility: ``i``, ``s`` or ``v``, as the catalog has it.
    """
    if volatility == "v":
        return Kind.VOLATILE
    if volatility == "i":
        return Kind.CONSTANT
    return _KINDS.get(f"{name}({arguments})") or _KINDS.get(name, Kind.SERVER)
