"""Look-up: the one statement that finds an entry and tells whether it is true, in one snapshot.

An entry is true if and only if every committed write to what it depends on was visible in the
snapshot that it was computed after. Each rule below can be left out by itself, which a test does.
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
    """One reason for which an entry may not be given.

    Attributes:
        reason: What the caller is told.
        broken: SQL condition on the entry ``e``, the reader's row ``n`` and the writes ``u``.
    """

    reason: Reason
    broken: str


RULES: Final[dict[str, Rule]] = {
    "home": Rule("foreign", "e.home <> e.place"),
    "ahead": Rule(
        "foreign",
        "pg_catalog.pg_snapshot_xmax(e.snap)"
        " > pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())",
    ),
    "shape": Rule("redefined", "e.shape <> (n.shape # n.rights)"),
    # An instant in the future was stored before the clock was set back: how long ago is unknown.
    "expired": Rule(
        "expired",
        "e.expires IS NOT NULL AND pg_catalog.clock_timestamp() NOT BETWEEN e.made AND e.expires",
    ),
    "aged": Rule("expired", f"({_AGE.format(row='e')}) NOT BETWEEN 0 AND {{stale}}"),
    "floor": Rule(
        "compacted",
        f"EXISTS (SELECT FROM {FLOOR} f WHERE f.tag = ANY (e.tags)"
        " AND f.xid >= pg_catalog.pg_snapshot_xmin(e.snap))",
    ),
    "unseen": Rule("changed", f"EXISTS (SELECT {_UNSEEN})"),
    "behind": Rule("changed", "u.seconds > {stale}"),
}
"""Every rule, by a name; the first that is broken gives the reason.

``unseen`` holds where nothing may be stale, ``behind`` in its place where something may; ``aged``
where the answer changes with time alone.
"""

TABLE_RULES: Final = tuple(RULES)
"""The rules for entries that stand in the database itself."""

# A write is at least as old as its commit; what is unseen is never 0 s old.
_BEHIND: Final = f"""\
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
    """Return the statement, whose answer is exactly one row.

    Its columns: ``snapshot``, null where nothing may be stored; ``shape`` and ``rights`` of the
    reader; ``loaded``, when the server's files were read; ``reason`` as in ``Found``; ``seconds``,
    the age of the oldest write that the entry lacks, else 0; ``source_seconds``, the age of a
    source that may be stale; and ``columns``.

    Args:
        lookup: What is asked.
        source: Query of no row or one, with the columns ``snap`` (null: there is no entry),
            ``tags``, ``shape``, ``made``, and what ``rules`` and ``columns`` ask for.
        columns: Names and SQL of what else is returned, over the row ``v``, which has the columns
            of ``source``.
        first: Number of the first of the parameters that ``reader_arguments`` gives.
        rules: Names of the rules that count.
    """
    more = "".join(f",\n  {sql} AS {name}" for name, sql in columns.items())
    # Each OFFSET 0 keeps what is below it from being computed once for every mention.
    return f"""\
SELECT v.snapshot, v.reader_shape AS shape, v.rights, v.loaded, v.reason, v.seconds,
  v.source_seconds{more}
FROM (
  SELECT n.snapshot, n.shape AS reader_shape, n.rights, n.source_seconds, e.*,
    pg_catalog.pg_conf_load_time() AS loaded,
    {_seconds(lookup)} AS seconds,
    {_reason(lookup, rules)} AS reason
  FROM ({_reader(lookup, first)}
    OFFSET 0) n
  LEFT JOIN ({source}) e ON n.allowed AND {lookup.dependencies.readable_sql}
  {_BEHIND if lookup.stale > 0 else ""}
  OFFSET 0) v"""


def table_lookup(store: TableStoreName, lookup: Lookup) -> str:
    """Return the statement for a ring of tables: ``$1`` key, ``$2`` etags, and the reader's.

    Args:
        store: Name of the ring.
        lookup: What is asked.
    """
    tables = segments(store)
    columns = {
        "body": "CASE WHEN v.reason = 'hit' AND v.etag <> ALL ($2::bytea[]) THEN v.body END",
        "age": _AGE.format(row="v"),
        "left_seconds": _LEFT,
        "cost": "v.cost",
        "etag": "v.etag",
        # Set where the entry stands in the segment that is emptied next.
        "turn": f"(SELECT r.turns FROM {ring(store)} r"
        f" WHERE (r.current + 1) % {len(tables)} = v.segment)",
    }
    return lookup_sql(lookup, newest(tables, "$1::bytea"), columns, first=3)


def reader_arguments(lookup: Lookup) -> tuple[object, ...]:
    """Return the values of the parameters that tell who asks."""
    reader = lookup.reader
    named = () if reader.role is None else (reader.role,)
    return (reader.roles.oids, *named)


def _reader(lookup: Lookup, first: int) -> str:
    """Return the query for what the reader's own snapshot says, whatever entry there is."""
    dependencies = lookup.dependencies
    age = lookup.source_age or "NULL"
    owners = f" || {oids(dependencies.owners.oids)}" if dependencies.owners.oids else ""
    rights = roles_digest(f"${first}::oid[]{owners}")
    if dependencies.database_owner:
        rights = f"{rights} # {DATABASE_OWNER}"
    row = f"""\
SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery()
      THEN pg_catalog.pg_current_snapshot()::text END AS snapshot,
    ({dependencies.shape_sql})::bigint AS shape, ({age})::double precision AS source_seconds,
    {rights} AS rights"""
    if lookup.reader.role is None:
        return f"{row}, true AS allowed"
    return f"""\
SELECT CASE WHEN o.allowed THEN o.snapshot END AS snapshot, o.shape, o.source_seconds, o.rights,
    o.allowed
  FROM ({row}, {_allowed(dependencies.reads, f"${first + 1}::text")} AS allowed
    OFFSET 0) o"""


def _allowed(reads: Sequence[str], role: str) -> str:
    """Return the condition that a role may be taken on and may read what the statement names."""
    oid = role_number(role)
    named = ", ".join(f"{literal(name)}::regclass" for name in reads)
    readable = f"""(
    SELECT bool_and(pg_catalog.has_table_privilege({oid}, c.oid, 'SELECT')
      AND pg_catalog.has_schema_privilege({oid}, c.relnamespace, 'USAGE'))
    FROM pg_catalog.pg_class c WHERE c.oid = ANY (ARRAY[{named}]::oid[]))"""
    member = MAY_BECOME.format(role=oid)
    return f"coalesce({member}{f' AND {readable}' if reads else ''}, false)"


def _seconds(lookup: Lookup) -> str:
    """Return the expression of how far an entry is behind; over the clock, all its age counts."""
    if lookup.stale <= 0:
        return "0::double precision"
    seconds = "coalesce(u.seconds, 0)"
    if lookup.dependencies.clock:
        seconds = f"greatest({seconds}, {_AGE.format(row='e')})"
    return f"({seconds})::double precision"


def _reason(lookup: Lookup, rules: Sequence[str]) -> str:
    """Return the expression of the reason: of the first rule that is broken, or ``hit``."""
    stale = f"{lookup.stale!r}::double precision"
    unused = {"unseen" if lookup.stale > 0 else "behind"}
    if not lookup.dependencies.clock:
        unused.add("aged")
    cases = [
        f"WHEN {rule.broken.format(stale=stale)} THEN '{rule.reason}'"
        for name, rule in RULES.items()
        if name in rules and name not in unused
    ]
    body = "\n      ".join(("WHEN e.snap IS NULL THEN 'absent'", *cases))
    return f"CASE {body}\n      ELSE 'hit' END"
