"""Digest of what a role may do."""

from typing import Final

ROLE_DIGEST: Final = """\
(SELECT pg_catalog.hashtextextended(concat_ws(';', r.oid, r.rolsuper, r.rolbypassrls, r.rolinherit,
   (SELECT sum(pg_catalog.hashtextextended(concat_ws(':', m.roleid, m.member, m.xmin), 9))
    FROM pg_catalog.pg_auth_members m
    WHERE pg_catalog.pg_has_role(r.oid, m.member, 'MEMBER'))), 0)
 FROM pg_catalog.pg_roles r WHERE r.rolname = {role})"""
"""Number of what a role may do by its attributes and memberships; null when there is no such role.

``{role}`` is SQL of its name.
"""
