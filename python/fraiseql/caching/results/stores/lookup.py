"""The look-up statement: finds and validates an entry in one snapshot.

An entry is valid if every committed write to its dependencies was visible in the snapshot that
it was computed after. Tests leave out each rule below by itself.
"""
# ruff: noqa: S608 - names are constants or quoted from the catalog

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.dependencies.fingerprint import oids
from fraiseql.caching.dependencies.privileges import (
    DATABASE_OWNER,
    MAY_BECOME,
    role_number,
    roles_digest,
)
from fraiseql.caching.results.sql.objects import TableStoreName, ring, segments
from fraiseql.caching.results.sql.ring import newest
from fraiseql.caching.results.stores.base import Lookup, Reason
from fraiseql.expressions import literal

_UNSEEN: Final = f"""\
FROM {LOG} i WHERE i.tag = ANY (e.tags) AND i.xid >= pg_catalog.pg_snapshot_xmin(e.snap)
     AND NOT pg_catalog.pg_visible_in_snapshot(i.xid, e.snap)"""

# No instant without an end is subtracted: before version 17 that is an error.
_AGE: Final = """\
CASE WHEN pg_catalog.isfinite({row}.made)
  THEN pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - {row}.made)
  ELSE 'Infinity'::double precision END"""
_LEFT: Final = """\
CASE WHEN pg_catalog.isfinite(v.expires)
  THEN pg_catalog.date_part('epoch', v.expires - pg_catalog.clock_timestamp()) END"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason against using an entry.

    Attributes:
        reason: Reason of the look-up's result.
        violated: SQL condition on the entry ``e``, the reader's row ``n`` and the writes ``u``.
    """

    reason: Reason
    violated: str


RULES: Final[Mapping[str, Rule]] = {
    "wrong_relation": Rule("foreign", "e.home <> e.place"),
    "future_snapshot": Rule(
        "foreign",
        "pg_catalog.pg_snapshot_xmax(e.snap)"
        " > pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())",
    ),
    "fingerprint": Rule("redefined", "e.shape <> (n.shape # n.roles_digest)"),
    # A time in the future was stored before the clock was set back: the age is unknown.
    "expired": Rule(
        "expired",
        "e.expires IS NOT NULL AND pg_catalog.clock_timestamp() NOT BETWEEN e.made AND e.expires",
    ),
    "too_old": Rule("expired", f"({_AGE.format(row='e')}) NOT BETWEEN 0 AND {{stale}}"),
    "low_watermark": Rule(
        "compacted",
        f"EXISTS (SELECT FROM {FLOOR} f WHERE f.tag = ANY (e.tags)"
        " AND f.xid >= pg_catalog.pg_snapshot_xmin(e.snap))",
    ),
    "unseen_write": Rule("changed", f"EXISTS (SELECT {_UNSEEN})"),
    "too_stale": Rule("changed", "u.seconds > {stale}"),
}
"""All rules by name; the first one that is violated gives the reason.

``unseen_write`` applies where nothing may be stale, ``too_stale`` in its place otherwise;
``too_old`` where the answer changes with time alone.
"""

TABLE_RULES: Final = tuple(RULES)
"""Rules for entries in the database itself."""

# A write is at least as old as its commit; an unseen write is never 0 s old.
_LAG: Final = f"""\
LEFT JOIN LATERAL (
  SELECT CASE WHEN max(i.at) > pg_catalog.clock_timestamp() THEN 'Infinity'
    ELSE greatest(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - min(i.at)), 0.000001)
    END AS seconds
  {_UNSEEN} HAVING count(*) > 0
) u ON true"""


def lookup_sql(
    lookup: Lookup,
    source: str,
    columns: Mapping[str, str],
    *,
    first: int,
    rules: Sequence[str] = TABLE_RULES,
) -> str:
    """Return the statement, which always returns one row.

    Its columns: ``snapshot``, null where nothing may be stored; ``shape``, the fingerprint;
    ``roles_digest`` of the reader; ``loaded``, when the server read its files; ``reason`` as in
    ``LookupResult``; ``seconds``, the age of the oldest unseen write, else 0; ``source_seconds``,
    the age of a source that may be stale; and ``columns``.

    Args:
        lookup: What to look up.
        source: Query of at most one row, with the columns ``snap`` (null: no entry), ``tags``,
            ``shape``, ``made``, and those that ``rules`` and ``columns`` use.
        columns: Names and SQL of further columns, over the row ``v``, which has the columns of
            ``source``.
        first: Number of the first parameter of ``reader_arguments``.
        rules: Names of the rules that apply.
    """
    more = "".join(f",\n  {sql} AS {name}" for name, sql in columns.items())
    # Without OFFSET 0, PostgreSQL computes a subquery once for every mention.
    return f"""\
SELECT v.snapshot, v.reader_shape AS shape, v.roles_digest, v.loaded, v.reason, v.seconds,
  v.source_seconds{more}
FROM (
  SELECT n.snapshot, n.shape AS reader_shape, n.roles_digest, n.source_seconds, e.*,
    pg_catalog.pg_conf_load_time() AS loaded,
    {_seconds(lookup)} AS seconds,
    {_reason(lookup, rules)} AS reason
  FROM ({_reader(lookup, first)}
    OFFSET 0) n
  LEFT JOIN ({source}) e ON n.allowed AND {lookup.dependencies.readable_sql}
  {_LAG if lookup.stale > 0 else ""}
  OFFSET 0) v"""


def table_lookup(store: TableStoreName, lookup: Lookup) -> str:
    """Return the statement for a ring of tables.

    Its parameters are ``$1`` key, ``$2`` etags as text, and the reader's.

    Args:
        store: Name of the ring.
        lookup: What to look up.
    """
    tables = segments(store)
    columns = {
        "body": "CASE WHEN v.reason = 'hit'"
        " AND v.etag <> ALL ($2::text[]::bytea[]) THEN v.body END",
        "age": _AGE.format(row="v"),
        "left_seconds": _LEFT,
        "cost": "v.cost",
        "etag": "v.etag",
        # Set where the entry is in the segment that is emptied next.
        "rotation": f"(SELECT r.turns FROM {ring(store)} r"
        f" WHERE (r.current + 1) % {len(tables)} = v.segment)",
    }
    return lookup_sql(lookup, newest(tables, "$1::bytea"), columns, first=3)


def reader_lookup(lookup: Lookup) -> str:
    """Return the statement of a look-up without any entry: the state of the reader's snapshot.

    Its one row has ``snapshot``, ``shape``, ``roles_digest``, ``loaded`` and ``allowed``; its
    parameters are those of ``reader_arguments``. It raises where the connection's role may not read
    a relation.

    Args:
        lookup: What to look up.
    """
    return f"""\
SELECT n.snapshot, n.shape, n.roles_digest, pg_catalog.pg_conf_load_time() AS loaded,
  n.allowed AND {lookup.dependencies.readable_sql} AS allowed
FROM ({_reader(lookup, 1)}
  OFFSET 0) n"""


def reader_arguments(lookup: Lookup) -> tuple[object, ...]:
    """Return the values of the reader's parameters."""
    reader = lookup.reader
    named = () if reader.role is None else (reader.role,)
    return (reader.roles.oids, *named)


def _reader(lookup: Lookup, first: int) -> str:
    """Return the query for the state of the reader's own snapshot, without the entry."""
    dependencies = lookup.dependencies
    age = lookup.source_age or "NULL"
    owners = f" || {oids(dependencies.owners.oids)}" if dependencies.owners.oids else ""
    digest = roles_digest(f"${first}::oid[]{owners}")
    if dependencies.database_owner:
        digest = f"{digest} # {DATABASE_OWNER}"
    row = f"""\
SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery()
      THEN pg_catalog.pg_current_snapshot()::text END AS snapshot,
    ({dependencies.fingerprint_sql})::bigint AS shape, ({age})::double precision AS source_seconds,
    {digest} AS roles_digest"""
    if lookup.reader.role is None:
        return f"{row}, true AS allowed"
    return f"""\
SELECT CASE WHEN o.allowed THEN o.snapshot END AS snapshot, o.shape, o.source_seconds,
    o.roles_digest, o.allowed
  FROM ({row}, {_allowed(dependencies.reads, f"${first + 1}::text")} AS allowed
    OFFSET 0) o"""


def _allowed(reads: Sequence[str], role: str) -> str:
    """Return the condition that a role may be set and may read the statement's relations."""
    oid = role_number(role)
    named = ", ".join(f"{literal(name)}::regclass" for name in reads)
    readable = f"""(
    SELECT bool_and(pg_catalog.has_table_privilege({oid}, c.oid, 'SELECT')
      AND pg_catalog.has_schema_privilege({oid}, c.relnamespace, 'USAGE'))
    FROM pg_catalog.pg_class c WHERE c.oid = ANY (ARRAY[{named}]::oid[]))"""
    member = MAY_BECOME.format(role=oid)
    return f"coalesce({member}{f' AND {readable}' if reads else ''}, false)"


def _seconds(lookup: Lookup) -> str:
    """Return the expression of an entry's lag; where it depends on the clock, that is its age."""
    if lookup.stale <= 0:
        return "0::double precision"
    seconds = "coalesce(u.seconds, 0)"
    if lookup.dependencies.clock:
        seconds = f"greatest({seconds}, {_AGE.format(row='e')})"
    return f"({seconds})::double precision"


def _reason(lookup: Lookup, rules: Sequence[str]) -> str:
    """Return the expression of the first violated rule's reason, or ``hit``."""
    stale = f"{lookup.stale!r}::double precision"
    unused = {"unseen_write" if lookup.stale > 0 else "too_stale"}
    if not lookup.dependencies.clock:
        unused.add("too_old")
    cases = [
        f"WHEN {rule.violated.format(stale=stale)} THEN '{rule.reason}'"
        for name, rule in RULES.items()
        if name in rules and name not in unused
    ]
    body = "\n      ".join(("WHEN e.snap IS NULL THEN 'absent'", *cases))
    return f"CASE {body}\n      ELSE 'hit' END"
