"""Types whose rows a transaction has written, for the caches of clients."""
# ruff: noqa: S608 - the statement is constant

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from fraiseql.database import WriteTransaction
from fraiseql.schema import Schema
from fraiseql.serving.execution.encode import Encoder
from fraiseql.sources import Source
from fraiseql.sql_names import CATALOG, fn, op

Counts = Mapping[tuple[str, str], int]
"""Written rows by schema and name of a table."""

_SUM: Final = f"s.n_tup_ins {op('+')} s.n_tup_upd {op('+')} s.n_tup_del"
_ROOT: Final = f"coalesce({fn('pg_partition_root')}(s.relid)::{CATALOG}.oid, s.relid)"
_COUNTS: Final = f"""\
SELECT n.nspname::{CATALOG}.text, c.relname::{CATALOG}.text, {fn("sum")}({_SUM})::bigint
FROM {CATALOG}.pg_stat_xact_user_tables AS s
JOIN {CATALOG}.pg_class AS c ON c.oid {op("=")} ANY (ARRAY[s.relid, {_ROOT}])
JOIN {CATALOG}.pg_namespace AS n ON n.oid {op("=")} c.relnamespace
WHERE ({_SUM}) {op(">")} 0 GROUP BY 1, 2"""
"""PostgreSQL counts the rows that the session has written, by tables.

Those of a partition count in it and in the whole table: a type may have either.
"""


def joined(first: Sequence[Any] | None, more: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return the keys of both; None if some are unknown."""
    return None if first is None or more is None else [*first, *more]


class ChangedTypes:
    """Reports written types and, where they are known, the keys of the written rows.

    Args:
        schema: The declarations; types that are hidden from some requests are not reported.
        sources: Sources by GraphQL type name.
    """

    def __init__(self, schema: Schema, sources: Mapping[str, Source]) -> None:
        self._encoder = Encoder(schema)
        self._schema = schema
        self._types: dict[tuple[str, str], list[str]] = {}
        for name, source in sources.items():
            required = getattr(schema.objects.get(name), "requirement", None)
            if name in schema.objects and not (required and required.hide):
                table = source.relation.schema, source.relation.name
                self._types.setdefault(table, []).append(name)

    async def counts(self, transaction: WriteTransaction) -> Counts:
        """Return the rows that the session has written so far.

        Raises:
            DatabaseError: The transaction has failed.
        """
        rows = await transaction.fetch(_COUNTS)
        return {(row[0], row[1]): row[2] for row in rows}

    def changed(
        self, before: Counts, after: Counts, written: Mapping[str, Sequence[Any]]
    ) -> dict[str, Sequence[Any] | None]:
        """Return the keys of the written rows by type; None where some are unknown.

        Args:
            before: Counts at the begin of the transaction.
            after: Counts at its end.
            written: Keys of the rows that generated mutations have written, by type.
        """
        changed: dict[str, Sequence[Any] | None] = {}
        for table, count in after.items():
            rows = count - before.get(table, 0)
            for name in self._types.get(table, ()) if rows else ():
                keys = written.get(name, ())
                # Triggers, cascades and other statements may have written more rows.
                known = len(keys) == rows and not self._is_guarded(name, keys[0])
                changed[name] = keys if known else None
        return changed

    def _is_guarded(self, name: str, key: Mapping[str, Any]) -> bool:
        """Return whether not every request may read the key: the type or a field needs a right."""
        fields = self._schema.fields[name]
        requirements = [fields[part].requirement for part in key]
        return any([self._schema.objects[name].requirement, *requirements])

    def extension(self, changed: Mapping[str, Sequence[Any] | None]) -> list[dict[str, Any]]:
        """Return the entries of ``extensions.fraiseql.changed``."""
        return [
            {
                "type": name,
                "keys": None if keys is None else orjson.Fragment(self._encoder.json(list(keys))),
            }
            for name, keys in sorted(changed.items())
        ]
