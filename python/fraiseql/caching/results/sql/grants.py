"""Privileges of the application role on objects of result caches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from fraiseql.caching.changes.adoption import ADOPT
from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.changes.state import READABLE, STATE
from fraiseql.caching.dependencies.fingerprint import shape_objects
from fraiseql.caching.dependencies.recorded import CALLED, FINGERPRINTS
from fraiseql.caching.results.sql.objects import (
    EPOCH,
    INVALIDATE,
    NEW_EPOCH,
    SECRET,
    TableStoreName,
    ring,
    segments,
)
from fraiseql.caching.results.sql.ring import KEEP_NAME, STORE_NAME
from fraiseql.caching.results.sql.stats import COUNTERS, KEYS_TABLE, stats_objects
from fraiseql.caching.results.sql.views import ENTRIES, STATS
from fraiseql.catalog.picture import quote

Purpose = Literal[
    "answers", "documents", "figures", "labels", "log", "partitions", "stored", "trace"
]

MEANINGS: Final[dict[Purpose, str]] = {
    "answers": "read and store answers",
    "documents": "check whether stored documents are valid, and how old",
    "stored": "read stored documents",
    "figures": "write and read statistics",
    "labels": "invalidate by labels",
    "partitions": "handle attached partitions (the worker)",
    "trace": "write and read the trace",
    "log": "delete unneeded rows from the change log (the worker)",
}
"""Purposes of privileges, in words for operators."""


@dataclass(frozen=True, slots=True)
class Privilege:
    """One privilege on one object.

    Attributes:
        purpose: Its purpose.
        privilege: ``SELECT``, ``EXECUTE`` …
        name: Quoted and qualified; a function with the types of its arguments.
        columns: Columns that it is limited to; empty for the whole table.
    """

    purpose: Purpose
    privilege: str
    name: str
    columns: str = ""

    @property
    def kind(self) -> Literal["TABLE", "FUNCTION"]:
        """Kind of the object in ``GRANT``, where a view is a table."""
        return "FUNCTION" if self.privilege == "EXECUTE" else "TABLE"


def serving_privileges() -> tuple[Privilege, ...]:
    """Return the privileges for serving, without those for purging and applying."""
    functions = (
        Privilege("labels", "EXECUTE", INVALIDATE),
        Privilege("partitions", "EXECUTE", ADOPT),
    )
    return (*_answers(), *_documents(), *_stats(), *functions, *_log())


def _answers() -> Iterator[Privilege]:
    stores: tuple[TableStoreName, ...] = get_args(TableStoreName)
    tables = [name for store in stores for name in (*segments(store), ring(store))]
    yield from (
        Privilege("answers", "SELECT", name) for name in (*tables, EPOCH, SECRET, LOG, FLOOR)
    )
    functions = [name.format(store=store) for store in stores for name in (STORE_NAME, KEEP_NAME)]
    functions += [NEW_EPOCH, *(function.name for function in shape_objects())]
    yield from (Privilege("answers", "EXECUTE", name) for name in functions)


def _documents() -> Iterator[Privilege]:
    yield Privilege("documents", "SELECT", STATE, READABLE)
    yield Privilege("documents", "SELECT", FINGERPRINTS)
    yield from (Privilege("documents", "EXECUTE", name) for name in CALLED)


def _stats() -> Iterator[Privilege]:
    yield from (
        Privilege("figures", "SELECT", name) for name in (COUNTERS, KEYS_TABLE, STATS, ENTRIES)
    )
    for created in stats_objects():
        if created.kind == "function":
            yield Privilege("figures", "EXECUTE", created.name)


def _log() -> Iterator[Privilege]:
    yield Privilege("log", "DELETE", LOG)
    yield from (Privilege("log", privilege, FLOOR) for privilege in ("INSERT", "UPDATE", "DELETE"))


def grant_statements(privileges: Iterable[Privilege], role: str) -> dict[str, str]:
    """Return the statements that grant privileges to a role, with their purpose.

    Args:
        privileges: At least one.
        role: Name of the role, as in the catalog.
    """
    grouped: dict[tuple[Purpose, str, str], list[str]] = {}
    for privilege in privileges:
        word = (
            f"{privilege.privilege} ({privilege.columns})"
            if privilege.columns
            else privilege.privilege
        )
        grouped.setdefault((privilege.purpose, privilege.kind, word), []).append(privilege.name)
    to = quote(role)
    statements = {f"GRANT USAGE ON SCHEMA fraiseql TO {to}": "access the schema"}
    for (purpose, kind, word), names in grouped.items():
        listed = ", ".join(names)
        statements[f"GRANT {word} ON {kind} {listed} TO {to}"] = MEANINGS[purpose]
    return statements


PRIVILEGES_SQL: Final = """\
SELECT CASE WHEN a.privilege = 'EXECUTE'
  THEN has_function_privilege({role}, to_regprocedure(a.name)::oid, a.privilege)
  WHEN a.columns <> '' THEN (
    SELECT bool_and(has_column_privilege({role}, to_regclass(a.name)::oid, c.name, a.privilege))
    FROM unnest(string_to_array(a.columns, ', ')) AS c (name))
  ELSE has_table_privilege({role}, to_regclass(a.name)::oid, a.privilege) END AS had
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
  AS a (privilege, name, columns, place)
ORDER BY a.place"""
"""Whether a role has each privilege; null where the object does not exist. ``{role}`` is SQL."""


def privilege_arguments(privileges: Iterable[Privilege]) -> list[list[str]]:
    """Return the parameters of ``PRIVILEGES_SQL``."""
    rows = [(each.privilege, each.name, each.columns) for each in privileges]
    return [list(column) for column in zip(*rows, strict=True)]
