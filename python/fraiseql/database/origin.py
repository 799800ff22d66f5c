"""Origin of a connection: its server and its initial settings."""
# ruff: noqa: S608 - only constants are joined into SQL

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from fraiseql.sql_names import op

_EQ: Final = op("=")

_OWN: Final = (
    "application_name",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "enable_bitmapscan",
    "enable_seqscan",
    "idle_in_transaction_session_timeout",
    "is_superuser",
    "lock_timeout",
    "plan_cache_mode",
    "role",
    "session_authorization",
    "statement_timeout",
    "synchronous_commit",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
)
"""Settings that differ between our own pools, or follow the transaction and the role."""

# All settings that a session may change. Variables of an application are not included: those of
# ALTER DATABASE and ALTER ROLE are in ``altered``, and those of the configuration files change with
# the time of their loading.
_SETTINGS: Final = f"""\
(SELECT pg_catalog.hashtextextended(pg_catalog.string_agg(
   pg_catalog.concat_ws('=', s.name, s.setting), ';' ORDER BY s.name), 0)
 FROM pg_catalog.pg_settings s
 WHERE s.context {_EQ} ANY ('{{{{user,superuser,backend,superuser-backend}}}}'::pg_catalog.text[])
   AND s.name {op("<>")} ALL ('{{{{{",".join(_OWN)}}}}}'::pg_catalog.text[]))"""

_ALTERED: Final = f"""\
(SELECT coalesce(pg_catalog.bit_xor(pg_catalog.hashtextextended(
   pg_catalog.concat_ws(':', s.setdatabase, s.setrole, s.xmin), 0)), 0)
 FROM pg_catalog.pg_db_role_setting s
 WHERE s.setdatabase {_EQ} ANY (ARRAY[0, (SELECT d.oid FROM pg_catalog.pg_database d
     WHERE d.datname {_EQ} pg_catalog.current_database())]::pg_catalog.oid[])
   AND s.setrole {_EQ} ANY (ARRAY[0, (SELECT r.oid FROM pg_catalog.pg_roles r
     WHERE r.rolname {_EQ} session_user)]::pg_catalog.oid[]))"""

_SYSTEM: Final = "(SELECT c.system_identifier FROM pg_catalog.pg_control_system() c)"

# The control file has the timeline of the last checkpoint, which may be older than a promotion.
_TIMELINE: Final = """\
CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN
  pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) END"""

NEEDED: Final = (
    "pg_catalog.pg_control_system()",
    "pg_catalog.pg_current_wal_insert_lsn()",
    "pg_catalog.pg_walfile_name(pg_lsn)",
)
"""Functions that a role has to be allowed to call for its connections to know their server."""

_ORIGIN: Final = f"""\
SELECT {{system}} AS system, {{timeline}} AS timeline,
  pg_catalog.pg_postmaster_start_time() AS started, pg_catalog.pg_conf_load_time() AS loaded,
  {_SETTINGS} AS settings, {_ALTERED} AS altered"""

ROLES: Final = f"""\
pg_catalog.hashtextextended(pg_catalog.concat_ws(';',
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws(':', r.oid, r.rolname,
     r.rolsuper, r.rolbypassrls, r.rolinherit), 0)) FROM pg_catalog.pg_roles r),
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(
     pg_catalog.concat_ws(':', m.roleid, m.member, m.xmin), 1))
   FROM pg_catalog.pg_auth_members m),
  (SELECT d.datdba FROM pg_catalog.pg_database d
   WHERE d.datname {_EQ} pg_catalog.current_database())), 0)"""
"""Digest of all roles and memberships: plans that were made under another one may be wrong."""

STATE: Final = f"""\
SELECT {ROLES} AS roles, {_ALTERED} AS altered, pg_catalog.pg_conf_load_time() AS loaded"""
"""Query for roles and settings that may have changed since a connection began."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The server of a connection, and its initial settings.

    Attributes:
        system: Identifier of the cluster; None where the role may not ask for it.
        timeline: Of the write-ahead log; None on a standby.
        started: When the server was started.
        settings: Digest of every setting that a session may have of its own.
        altered: Digest of ALTER DATABASE … SET and ALTER ROLE … SET.
        loaded: When the server had read its configuration files.
    """

    system: int | None
    timeline: str | None
    started: datetime
    settings: int
    altered: int
    loaded: datetime

    @property
    def writes(self) -> bool:
        """Whether it is a primary, as far as the role may know."""
        return self.system is not None and self.timeline is not None

    def same_settings(self, other: "Origin") -> bool:
        """Whether both are connections that began with the same settings."""
        own = (self.settings, self.altered, self.loaded)
        return own == (other.settings, other.altered, other.loaded)

    def same_server(self, other: "Origin") -> bool:
        """Whether both are connections to the same start of the same server."""
        own = (self.system, self.timeline, self.started)
        return own == (other.system, other.timeline, other.started)


async def load_origin(connection: "asyncpg.Connection[Any]") -> Origin:
    """Return the origin of a connection that was just made.

    Raises:
        PostgresError: The server refuses it.
    """
    try:
        row = await connection.fetchrow(_ORIGIN.format(system=_SYSTEM, timeline=_TIMELINE))
    except asyncpg.InsufficientPrivilegeError:
        row = await connection.fetchrow(
            _ORIGIN.format(system="NULL::bigint", timeline="NULL::pg_catalog.text")
        )
    assert row is not None  # noqa: S101 - the query has no FROM
    return Origin(**row)
