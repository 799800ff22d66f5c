"""Digests of the roles that decide policies and privileges.

Privileges themselves are in the rows of relations, schemas and functions, which the fingerprint of
definitions covers. This module covers the roles, their memberships and their attributes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from fraiseql.caching.dependencies.inspection import Read
from fraiseql.sql_names import op

# Memberships count by version: revoking and granting again changes xmin. Roles count by name too,
# since requests and functions such as current_user use it.
# OFFSET 0 keeps PostgreSQL from reading all memberships.
_DIGEST: Final = """\
(SELECT coalesce(bit_xor(pg_catalog.hashtextextended(concat_ws(':', r.oid, r.rolname, r.rolsuper,
   r.rolbypassrls, r.rolinherit, m.roleid, m.xmin), 0)), 0)
 FROM pg_catalog.pg_roles r LEFT JOIN LATERAL (
   SELECT a.roleid, a.xmin FROM pg_catalog.pg_auth_members a WHERE a.member = r.oid OFFSET 0) m
   ON true
 WHERE r.oid = ANY ({roles}))"""

# The owner of the database is a member of pg_database_owner (6171) without a row in the catalog.
DATABASE_OWNER: Final = """\
(SELECT d.datdba::bigint FROM pg_catalog.pg_database d
 WHERE d.datname = pg_catalog.current_database())"""
"""Expression of the number of the role that owns the database."""

# Schemas with USAGE for PUBLIC are left out: schema public belongs to this role.
_OWNER_COUNTS: Final = f"""\
SELECT {DATABASE_OWNER} AS owner WHERE 6171 IN (
  SELECT unnest(p.polroles) FROM pg_catalog.pg_policy p WHERE p.polrelid = ANY ($1::oid[])
  UNION SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])
  UNION SELECT p.proowner FROM pg_catalog.pg_proc p WHERE p.oid = ANY ($2::oid[])
  UNION SELECT x.grantee FROM (
    SELECT c.relacl FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])
    UNION ALL
    SELECT a.attacl FROM pg_catalog.pg_attribute a WHERE a.attrelid = ANY ($1::oid[])
    UNION ALL SELECT p.proacl FROM pg_catalog.pg_proc p WHERE p.oid = ANY ($2::oid[])
    UNION ALL SELECT n.nspacl FROM pg_catalog.pg_namespace n WHERE n.oid IN (
      SELECT c.relnamespace FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[]))
      AND NOT EXISTS (SELECT FROM aclexplode(n.nspacl) AS e WHERE e.grantee = 0)) AS acls (acl),
    aclexplode(acls.acl) AS x)"""  # noqa: S608 - a constant

# Since PostgreSQL 16 a membership has an option for SET ROLE.
MAY_BECOME: Final = f"""\
pg_catalog.pg_has_role(session_user, {{role}},
  CASE WHEN pg_catalog.current_setting('server_version_num')::int {op(">=")} 160000
    THEN 'SET' ELSE 'MEMBER' END)"""
"""Condition that the connection may SET ROLE to the role with number ``{role}``."""

_HELD: Final = """\
WITH RECURSIVE held(oid) AS (
  {start}
  UNION
  SELECT m.roleid FROM held h JOIN pg_catalog.pg_auth_members m ON m.member = h.oid)
SELECT h.oid::bigint AS oid, {digest} AS digest FROM held h"""

_READER_ROLES: Final = """\
SELECT r.oid FROM pg_catalog.pg_roles r
  WHERE r.rolname IN (session_user, coalesce($1::name, current_user))"""

# The role of the connection is in the reader's roles already.
_OWNER_ROLES: Final = """\
SELECT o.oid FROM (
    SELECT c.relowner AS oid FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])
    UNION
    SELECT p.proowner FROM pg_catalog.pg_proc p WHERE p.oid = ANY ($2::oid[])) AS o
  WHERE o.oid <> (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = session_user)"""


@dataclass(frozen=True, slots=True)
class Roles:
    """Roles with the roles that they are members of, at any depth.

    Attributes:
        oids: Their numbers.
        digests: One for each role; it changes with the role's memberships.
    """

    oids: tuple[int, ...] = ()
    digests: tuple[int, ...] = ()


NO_ROLES: Final = Roles()


@dataclass(frozen=True, slots=True)
class Reader:
    """The roles of a request.

    Attributes:
        role: The role that the request sets; None for the connection's own.
        roles: That role and the connection's own, with their memberships.
    """

    role: str | None = None
    roles: Roles = NO_ROLES


NOBODY: Final = Reader()
"""Reader of calls without a request."""


def role_number(name: str) -> str:
    """Return the expression of a role's number; null for one that does not exist.

    Args:
        name: SQL of its name.
    """
    return f"pg_catalog.to_regrole(pg_catalog.quote_ident({name}))::pg_catalog.oid"


def roles_digest(roles: str) -> str:
    """Return the expression of the digest of roles: the XOR of their digests.

    Args:
        roles: SQL of an ``oid[]``; duplicates count once.
    """
    return _DIGEST.format(roles=roles)


def joined_digest(first: Roles, second: Roles) -> int:
    """Return the digest of the union of both."""
    digests = dict(zip(first.oids + second.oids, first.digests + second.digests, strict=True))
    return reduce(xor, digests.values(), 0)


async def load_reader(read: Read, role: str | None) -> Reader:
    """Return the roles of a request.

    Args:
        read: Asks the database.
        role: Role of the request; None for that of the connection.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    return Reader(role, await _load(read, _READER_ROLES, [role]))


async def load_owners(read: Read, relations: Sequence[int], functions: Sequence[int]) -> Roles:
    """Return the owners under whose rights relations are read and functions run.

    It is empty if the connection's role owns everything.

    Args:
        read: Asks the database.
        relations: Numbers of tables and views.
        functions: Numbers of functions.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    return await _load(read, _OWNER_ROLES, [relations, functions])


async def load_database_owner(
    read: Read, relations: Sequence[int], functions: Sequence[int]
) -> int:
    """Return the number of the role that owns the database; 0 if no privilege depends on it.

    Args:
        read: Asks the database.
        relations: Numbers of tables and views.
        functions: Numbers of functions.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    rows = await read(_OWNER_COUNTS, [relations, functions])
    return int(rows[0]["owner"]) if rows else 0


async def _load(read: Read, start: str, args: Sequence[object]) -> Roles:
    digest = roles_digest("ARRAY[h.oid]")
    rows = await read(_HELD.format(start=start, digest=digest), args)
    return Roles(tuple(row["oid"] for row in rows), tuple(row["digest"] for row in rows))
