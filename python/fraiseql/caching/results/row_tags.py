"""Resolve ``Cache(tags=…)`` in the database: relations, labels and row tags.

In the change log a row tag is ``<table>:<column>=<value>``. An entry has ``<table>:<column>`` too,
which is logged for all values at once: after TRUNCATE, or when one statement changes many rows.
"""
# ruff: noqa: S608 - names are constants

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from fraiseql.caching.changes.log import TRIGGER
from fraiseql.caching.changes.transition import transition_tables_are_whole
from fraiseql.caching.results.sql.objects import SECRET
from fraiseql.catalog import Catalog, Relation
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.errors import SourceError
from fraiseql.schema.cache import Cache

LABEL: Final = "label:"
"""Prefix of the tags that ``invalidate`` logs; a declared tag may have it too."""

PLAIN: Final = "-?[0-9]{1,20}"
"""Values that appear in a tag as they are. Others are hashed with the database's secret."""

_FORM: Final = "2"
"""Version of the logged tags: processes that expect another one do not find these triggers."""

EVENTS: Final = ("INSERT", "DELETE", "UPDATE", "TRUNCATE")
"""One trigger each: a trigger has transition tables for one event only."""

_ROWS: Final = re.compile(r"(?P<relation>[^={}]+)\.(?P<column>[^.={}]+)=\{(?P<argument>\w+)\}")
_INTEGERS: Final = frozenset({"int2", "int4", "int8"})
_TEXTS: Final = frozenset({"text", "varchar"})

_COLUMNS: Final = """
SELECT c.oid::bigint AS oid, c.relkind::text AS kind, a.attname IS NOT NULL AS found,
  EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)) AS parted,
  CASE WHEN t.typtype = 'b' THEN t.typname::text END AS base,
  coalesce(l.collisdeterministic, true) AS plain,
  (SELECT count(*) FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgenabled = 'A'
    AND starts_with(g.tgname::text, asked.triggers)) AS triggers,
  current_setting('server_version_num')::integer AS server
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
  AS asked (relation, name, triggers, place)
JOIN pg_class c ON c.oid = to_regclass(asked.relation)
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = asked.name
  AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation l ON l.oid = a.attcollation
ORDER BY asked.place
"""


# Checked first: looking up a name in a schema that the role may not use raises.
_HAS_SALT: Final = """
SELECT has_schema_privilege(n.oid, 'USAGE')
  AND has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tags'
WHERE n.nspname = 'fraiseql' AND c.relname = 'secret'
"""


@dataclass(frozen=True, slots=True)
class RowTag:
    """Rows of a table whose column has the value of an argument.

    Attributes:
        declared: The declared text.
        relation: The table.
        column: Its column.
        argument: Python name of the argument.
        oid: OID of the table.
        base: ``typname`` of the column.
        traced: Whether the change log has every change of its rows by value.
        refused: Why the tag cannot be used; empty where it can.
        salt: Secret of the database.
    """

    declared: str
    relation: Relation
    column: str
    argument: str
    oid: int
    base: str
    traced: bool = False
    refused: str = ""
    salt: bytes = b""

    @property
    def whole(self) -> str:
        """Tag of all values of the column."""
        return f"{self.oid}:{self.column}"

    def tag(self, value: Any) -> str | None:
        """Return the tag of one value; None where no row can have it."""
        text = _text(self.base, value)
        if text is None:
            return None
        if not re.fullmatch(PLAIN, text):
            text = "#" + sha256(self.salt + text.encode()).hexdigest()[:32]
        return f"{self.whole}={text}"


@dataclass(frozen=True, slots=True)
class DeclaredTags:
    """The ``tags`` of one cache.

    Attributes:
        relations: Relations that are read in addition to those of the answer's statement.
        labels: Tags of labels in the change log.
        rows: Row tags; their relations are in ``relations``.
        unknown: Invalid tags, each with the reason.
    """

    relations: tuple[Relation, ...] = ()
    labels: tuple[str, ...] = ()
    rows: tuple[RowTag, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether no tag is declared."""
        return not (self.relations or self.labels or self.unknown)

    def applied(self, tags: Iterable[str], arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the tags of one entry: ``tags`` and labels, with row tags in place of tables.

        Args:
            tags: OIDs of the tables that the answer depends on.
            arguments: Values of the field's arguments, by Python name.
        """
        applied = {*tags, *self.labels}
        for row in self.rows:
            tag = row.tag(arguments.get(row.argument))
            if row.traced and tag is not None and str(row.oid) in applied:
                applied -= {str(row.oid)}
                applied |= {tag, row.whole}
        return tuple(sorted(applied))


NO_TAGS: Final = DeclaredTags()


async def load_tags(pool: Pool, cache: Cache) -> DeclaredTags:
    """Resolve the ``tags`` of a cache in the database.

    A word that names a relation is a relation; ``label:word`` is always a label.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if not cache.tags:
        return NO_TAGS
    catalog = await load_catalog(pool, [_relation_of(tag) for tag in cache.tags])
    relations: dict[str, Relation] = {}
    labels: list[str] = []
    rows: list[tuple[str, Relation, str, str]] = []
    unknown: list[tuple[str, str]] = []
    for tag in cache.tags:
        matched, relation = _ROWS.fullmatch(tag), catalog.relations.get(_relation_of(tag))
        if relation is not None:
            relations[relation.sql] = relation
            if matched is not None:
                rows.append((tag, relation, matched["column"], matched["argument"]))
        elif matched is not None or "=" in tag or "{" in tag:
            unknown.append((tag, _no_relation(tag, catalog)))
        else:
            labels.append(LABEL + tag.removeprefix(LABEL))
    row_tags = await _row_tags(pool, rows)
    unknown += [(row.declared, row.refused) for row in row_tags if row.refused]
    usable = tuple(row for row in row_tags if not row.refused)
    return DeclaredTags(tuple(relations.values()), tuple(labels), usable, tuple(unknown))


def _relation_of(tag: str) -> str:
    matched = _ROWS.fullmatch(tag)
    return tag if matched is None else matched["relation"]


def _no_relation(tag: str, catalog: Catalog) -> str:
    if _ROWS.fullmatch(tag) is None:
        return "does not have the form relation.column={argument}."
    try:
        catalog.relation(_relation_of(tag), wanted_by="it")
    except SourceError as error:
        return f"names no relation: {error.message}"
    return ""


async def _row_tags(
    pool: Pool, rows: Sequence[tuple[str, Relation, str, str]]
) -> tuple[RowTag, ...]:
    if not rows:
        return ()
    requested = [(table.sql, name, trigger_prefix(table.sql, name)) for _, table, name, _ in rows]
    columns: list[Any] = await pool.inspect(
        _COLUMNS, [list(values) for values in zip(*requested, strict=True)]
    )
    salt = await _salt(pool)
    return tuple(
        RowTag(
            *row,
            column["oid"],
            column["base"] or "",
            bool(salt) and _traced(column),
            _refused(column),
            salt,
        )
        for row, column in zip(rows, columns, strict=True)
    )


async def _salt(pool: Pool) -> bytes:
    """Return the secret of the database; empty where it is missing, or not readable."""
    readable = await pool.inspect(_HAS_SALT)
    if not readable or not readable[0]["readable"]:
        return b""
    rows = await pool.inspect(f"SELECT s.tags FROM {SECRET} s")
    return bytes(rows[0][0]) if rows else b""


def trigger_prefix(table: str, column: str) -> str:
    """Return the prefix of a column's trigger names; ``table`` is quoted and qualified."""
    mark = sha256(f"{_FORM}\0{table}\0{column}".encode()).hexdigest()[:10]
    return f"{TRIGGER}_{mark}_"


def _traced(column: Any) -> bool:
    """Whether the row triggers exist, and their transition tables have every row."""
    whole = transition_tables_are_whole(column["server"])
    return bool(whole and column["triggers"] == len(EVENTS))


def _refused(column: Any) -> str:
    reasons = (
        (
            column["kind"] != "r" or column["parted"],
            "does not name a plain table; partitions and views have no row tags.",
        ),
        (not column["found"], "does not name a column of the table."),
        (
            column["base"] not in _INTEGERS | _TEXTS | {"uuid"} or not column["plain"],
            "names a column that is not an integer, text or uuid: equal values may differ as text.",
        ),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _text(base: str, value: Any) -> str | None:
    """Return PostgreSQL's text of a value that a column is compared with."""
    if value is None or isinstance(value, bool | float):
        return None
    try:
        if base in _INTEGERS:
            return str(int(value))
        if base == "uuid":
            return str(value if isinstance(value, UUID) else UUID(str(value)))
    except (ValueError, TypeError):
        return None
    return value if isinstance(value, str) and "\0" not in value else None
