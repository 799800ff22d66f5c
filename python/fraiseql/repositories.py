"""Repositories: documents of declared relations, for Python resolvers."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fraiseql.database import Database, Priority, record
from fraiseql.errors import ConfigurationError
from fraiseql.schema.info import CONTEXT_KEY
from fraiseql.serving.execution.documents import Document
from fraiseql.serving.execution.reading import Outcome, Reading, Reads, check_count
from fraiseql.serving.execution.withheld import StoredReader


class Repository:
    """Reads documents of the relations that types are declared with.

    Inside a resolver, only the fields that the operation selects are read: an embedded list that is
    not selected is not computed. Stored documents are read where the type has them; the answer is
    live for a role without the privileges on all their sources, and inside a transaction, which
    sees its own writes.

    Args:
        db: ``info.context["db"]``.
        context: ``info.context``.

    Attributes:
        db: The same ``db``, for the resolver's own SQL.

    Example:
        ``return await Repository(info.context["db"], info.context).find_one("users", id=id)``
    """

    def __init__(self, db: Database, context: Mapping[str, Any]) -> None:
        reads = context.get(CONTEXT_KEY)
        if not isinstance(reads, Reads):
            raise ConfigurationError(
                "A Repository needs the context of a request.",
                hint='Write Repository(info.context["db"], info.context).',
            )
        self.db = db
        self._reader = reads.reader
        self._note = reads.note

    async def find(
        self,
        source: str,
        /,
        *,
        where: Mapping[str, Any] | None = None,
        order_by: str | Sequence[str] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **equal: Any,
    ) -> list[Any]:
        """Return the matching documents of ``source``, ordered; ties are broken by the key.

        Args:
            source: Relation name, as a type's ``sql_source`` has it.
            where: Field → value (None: is null, list: one of) or mapping of operators; ``and``,
                ``or``, ``not`` combine.
            order_by: Field or fields, ``-`` in front for descending.
            limit: Most documents; None for no limit.
            offset: Documents to skip.
            equal: Further fields that must be equal.

        Raises:
            InputError: A field or operator is unknown, or a value does not fit.
            SourceError: No type is declared with ``source``.
            DatabaseError: The database failed.
        """
        terms = [order_by] if isinstance(order_by, str) else list(order_by or ())
        count, skip = check_count("limit", limit), check_count("offset", offset)
        condition = _joined(where, equal)
        reading = self._reader.prepare(source, condition, terms, limit=count, offset=skip)
        rows = await self._run(reading)
        return [Document(row[0], reading.type_name) for row in rows]

    async def find_one(
        self, source: str, /, *, where: Mapping[str, Any] | None = None, **equal: Any
    ) -> Any:
        """Return the first matching document of ``source`` by the key, or None.

        Arguments and errors are those of ``find``.
        """
        reading = self._reader.prepare(source, _joined(where, equal), limit=1)
        rows = await self._run(reading, Priority.KEY)
        return Document(rows[0][0], reading.type_name) if rows else None

    async def count(
        self, source: str, /, *, where: Mapping[str, Any] | None = None, **equal: Any
    ) -> int:
        """Count the matching rows of ``source``; arguments and errors are those of ``find``."""
        return int(await self._value(source, where, equal, "count"))

    async def exists(
        self, source: str, /, *, where: Mapping[str, Any] | None = None, **equal: Any
    ) -> bool:
        """Whether any row of ``source`` matches; arguments and errors are those of ``find``."""
        return bool(await self._value(source, where, equal, "exists"))

    async def _value(
        self,
        source: str,
        where: Mapping[str, Any] | None,
        equal: Mapping[str, Any],
        outcome: Outcome,
    ) -> Any:
        reading = self._reader.prepare(source, _joined(where, equal), outcome=outcome)
        rows = await self._run(reading)
        return rows[0][0]

    async def _run(self, reading: Reading, usual: Priority = Priority.LIST) -> list[Any]:
        read = partial(self.db.read, usual=usual)
        # Only live rows have a transaction's own writes.
        reader = _stored_reader(self.db, usual) if isinstance(self.db, Database) else None
        return await reading.rows(read, reader, self._note)


def _stored_reader(db: Database, usual: Priority) -> StoredReader:
    role = db.identity.role
    read = db.read if role is None else db.read_plainly
    return StoredReader(role, partial(read, usual=usual), partial(record, db.pool, db.identity))


def _joined(where: Mapping[str, Any] | None, equal: Mapping[str, Any]) -> Mapping[str, Any]:
    if where and equal:
        return {"and": [dict(equal), dict(where)]}
    return where or equal
