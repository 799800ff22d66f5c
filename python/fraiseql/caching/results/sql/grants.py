"""Grants: what the role that an application connects as needs, where another owns the schema."""

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

Purpose = Literal["answers", "documents", "figures", "labels", "log", "partitions", "stored"]

MEANINGS: Final[dict[Purpose, str]] = {
    "answers": "give and keep answers",
    "documents": "know whether stored documents are true, and how old",
    "stored": "read stored documents",
    "figures": "write and read figures",
    "labels": "invalidate by labels",
    "partitions": "follow partitions that are attached (the worker)",
    "log": "delete from the change log what nothing needs (the worker)",
}
"""What each kind of right is for, for those who read it."""


@dataclass(frozen=True, slots=True)
class Privilege:
    """One privilege on one object.

    Attributes:
        purpose: What it is for.
        privilege: ``SELECT``, ``EXECUTE`` …
        name: Quoted and qualified; a function with the types of its arguments.
        columns: To which columns of a table it is limited; none for the whole table.
    """

    purpose: Purpose
    privilege: str
    name: str
    columns: str = ""

    @property
    def kind(self) -> Literal["TABLE", "FUNCTION"]:
        """Kind of the object, as ``GRANT`` has it; a view is a table to it."""
        return "FUNCTION" if self.privilege == "EXECUTE" else "TABLE"


def serving_privileges() -> tuple[Privilege, ...]:
    """Return all that serving needs, and nothing that only purging and applying do."""
    called = (Privilege("labels", "EXECUTE", INVALIDATE), Privilege("partitions", "EXECUTE", ADOPT))
    return (*_answers(), *_documents(), *_figures(), *called, *_log())


def _answers() -> Iterator[Privilege]:
    stores: tuple[TableStoreName, ...] = get_args(TableStoreName)
    tables = [name for store in stores for name in (*segments(store), ring(store))]
    yield from (
        Privilege("answers", "SELECT", name) for name in (*tables, EPOCH, SECRET, LOG, FLOOR)
    )
    made = [name.format(store=store) for store in stores for name in (STORE_NAME, KEEP_NAME)]
    made += [NEW_EPOCH, *(one.name for one in shape_objects())]
    yield from (Privilege("answers", "EXECUTE", name) for name in made)


def _documents() -> Iterator[Privilege]:
    yield Privilege("documents", "SELECT", STATE, READABLE)
    yield Privilege("documents", "SELECT", FINGERPRINTS)
    yield from (Privilege("documents", "EXECUTE", name) for name in CALLED)


def _figures() -> Iterator[Privilege]:
    yield from (
        Privilege("figures", "SELECT", name) for name in (COUNTERS, KEYS_TABLE, STATS, ENTRIES)
    )
    for one in stats_objects():
        if one.kind == "function":
            yield Privilege("figures", "EXECUTE", one.name)


def _log() -> Iterator[Privilege]:
    yield Privilege("log", "DELETE", LOG)
    yield from (Privilege("log", privilege, FLOOR) for privilege in ("INSERT", "UPDATE", "DELETE"))


def grant_statements(rights: Iterable[Privilege], role: str) -> dict[str, str]:
    """Return the statements that give rights to a role, by what each is for.

    Args:
        rights: What is given; there is at least one.
        role: Its name, as the catalog has it.
    """
    grouped: dict[tuple[Purpose, str, str], list[str]] = {}
    for one in rights:
        privilege = f"{one.privilege} ({one.columns})" if one.columns else one.privilege
        grouped.setdefault((one.purpose, one.kind, privilege), []).append(one.name)
    to = quote(role)
    found = {f"GRANT USAGE ON SCHEMA fraiseql TO {to}": "find what is there"}
    for (purpose, kind, privilege), names in grouped.items():
        listed = ", ".join(names)
        found[f"GRANT {privilege} ON {kind} {listed} TO {to}"] = MEANINGS[purpose]
    return found


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
"""Whether a role has each right; null where the object is not there. ``{role}`` is SQL."""


def privilege_arguments(rights: Iterable[Privilege]) -> list[list[str]]:
    """Return the arguments of ``PRIVILEGES_SQL``."""
    rows = [(one.privilege, one.name, one.columns) for one in rights]
    return [list(column) for column in zip(*rows, strict=True)]
