"""Ledger of applied objects, in the table ``fraiseql.ledger``."""
# ruff: noqa: S608 - values are escaped here

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.caching.objects import DatabaseObject, Kind
from fraiseql.database import Transaction
from fraiseql.errors import DatabaseError
from fraiseql.expressions import literal
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)

_FIRST: Final = (
    "create_schema",
    "create_version",
    "create_ledger",
    "comment_ledger",
    "record_version",
)
VERSIONS: Final = (tuple(_SQL[name].text for name in _FIRST),)
"""The statements from each version of the ledger to the next, from none to the first."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One row of the ledger: an applied object.

    Attributes:
        kind: Kind of ``DatabaseObject``.
        name: Name of ``DatabaseObject``.
        owner: The declaration that it belongs to.
        digest: Digest of the applied object.
        state: ``done``, or ``doing`` or ``dropping`` if that began outside of a transaction.
        transactional: Whether it is created and dropped in transactions.
        undo: Statements that drop it.
        needs: Names of objects that it needs.
        seen: Definition that PostgreSQL wrote after apply; None if it was not read.
        seen_by: Major version of that PostgreSQL.
    """

    kind: Kind
    name: str
    owner: str
    digest: str
    state: str = "done"
    transactional: bool = True
    undo: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    seen: str | None = None
    seen_by: int | None = None

    @property
    def key(self) -> Key:
        """Unique key of the object."""
        return (self.kind, self.name)

    def as_object(self) -> DatabaseObject:
        """Return the object, without statements to create it."""
        return DatabaseObject(
            self.kind,
            self.name,
            (),
            self.undo,
            self.owner,
            self.needs,
            self.transactional,
            _drop_lock(self.kind, self.transactional),
        )


def _drop_lock(kind: str, transactional: bool) -> str:
    if not transactional:
        return "SHARE UPDATE EXCLUSIVE: neither reads nor writes wait"
    return "ACCESS EXCLUSIVE for an instant" if kind in ("column", "table", "view") else "none"


async def ledger_version(database: Transaction) -> int:
    """Return the version of the ledger in the database; 0 if there is none.

    Raises:
        DatabaseError: It is newer than this code, or the role may not read it.
    """
    readable = await database.fetchval(_SQL["may_read"].text)
    if readable is None:
        return 0
    if not readable:
        raise DatabaseError(
            "The connected role may not read the ledger (fraiseql.ledger, fingerprints).",
            hint="Connect as the role that applied, or let that one grant it.",
            code="LEDGER_NOT_READABLE",
        )
    version = int(await database.fetchval("SELECT version FROM fraiseql.ledger_version"))
    if version > len(VERSIONS):
        raise DatabaseError(
            f"The ledger in the database has version {version}; this FraiseQL knows"
            f" {len(VERSIONS)}.",
            hint="A newer FraiseQL has applied changes there: use that one.",
            code="LEDGER_VERSION",
        )
    return version


def ledger_statements(version: int) -> list[str]:
    """Return the statements from ``version`` of the ledger to the present one."""
    statements = [statement for step in VERSIONS[version:] for statement in step]
    if 0 < version < len(VERSIONS):
        statements.append(f"UPDATE fraiseql.ledger_version SET version = {len(VERSIONS)}")
    return statements


async def read_ledger(database: Transaction) -> Mapping[Key, LedgerEntry]:
    """Return every row of the ledger; none if there is no ledger."""
    if await ledger_version(database) == 0:
        return {}
    rows = await database.fetch(_SQL["entries"].text)
    return {(row["kind"], row["name"]): _entry(row) for row in rows}


def _entry(row: Any) -> LedgerEntry:
    values = dict(row)
    return LedgerEntry(**{**values, "undo": tuple(values["undo"]), "needs": tuple(values["needs"])})


async def record(
    database: Transaction,
    obj: DatabaseObject,
    state: str = "done",
    seen: str | None = None,
    major: int | None = None,
) -> None:
    """Record an object as applied, or as being applied."""
    await database.execute(_SQL["write_entry"].text, *_values(obj, state), seen, major)


async def record_dropping(database: Transaction, key: Key) -> None:
    """Record an object as being dropped."""
    await database.execute(_SQL["mark_dropping"].text, *key)


async def forget(database: Transaction, key: Key) -> None:
    """Remove a dropped object."""
    await database.execute(_SQL["delete_entry"].text, *key)


def _values(obj: DatabaseObject, state: str) -> tuple[Any, ...]:
    undo, needs = list(obj.drop), list(obj.needs)
    return (
        obj.kind,
        obj.name,
        obj.owner,
        obj.digest,
        state,
        obj.transactional,
        undo,
        needs,
    )


def record_text(obj: DatabaseObject) -> str:
    """Return ``record`` as a statement without parameters, for files."""
    written = [_literal(value) for value in _values(obj, "done")]
    return (
        "INSERT INTO fraiseql.ledger"
        " (kind, name, owner, digest, state, transactional, undo, needs)\n"
        f"VALUES ({', '.join(written)})\n"
        "ON CONFLICT (kind, name) DO UPDATE SET owner = excluded.owner, digest = excluded.digest,"
        " state = excluded.state, transactional = excluded.transactional, undo = excluded.undo,"
        " needs = excluded.needs, seen = NULL, seen_by = NULL, at = now()"
    )


def forget_text(key: Key) -> str:
    """Return ``forget`` as a statement without parameters, for files."""
    kind, name = (_literal(part) for part in key)
    return f"DELETE FROM fraiseql.ledger WHERE kind = {kind} AND name = {name}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(_literal(item) for item in value)}]::text[]"
    return literal(str(value))
