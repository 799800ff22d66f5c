"""One run of a generated mutation, in the transaction of its request."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from fraiseql.catalog import Relation
from fraiseql.database import WriteTransaction
from fraiseql.errors import FraiseQLError, InputError, sqlstate_of
from fraiseql.schema import UNSET
from fraiseql.schema.generated import GeneratedWrite
from fraiseql.serving.document.uniform import uniform
from fraiseql.serving.document.variable_signature import references
from fraiseql.serving.execution.created_rows import CreatedRows, is_of_row
from fraiseql.serving.execution.documents import Document
from fraiseql.serving.execution.encode import Encoder, UnpairedSurrogateError
from fraiseql.serving.execution.reading import RepositoryReader
from fraiseql.serving.execution.statements import binder
from fraiseql.serving.execution.violations import CODES
from fraiseql.serving.execution.write_filters import check_not_empty, filtered_rows
from fraiseql.serving.execution.written_rows import written_rows
from fraiseql.serving.planning.filters import parse_filter
from fraiseql.serving.planning.relations import Relations, bind_source
from fraiseql.serving.sql.conditions import ConditionWriter
from fraiseql.serving.sql.parameters import converter
from fraiseql.serving.sql.write import (
    conflict_sql,
    delete_sql,
    insert_default_sql,
    insert_sql,
    lock_sql,
    update_sql,
)
from fraiseql.sources import Source

TOO_LONG: Final = "22001"

_LENGTH: Final = re.compile(r"character(?: varying)?\((\d+)\)")

Key = dict[str, Any]
"""Columns of a key, with their values."""


class MutationRun:
    """One run of a generated mutation."""

    def __init__(
        self,
        relations: Relations,
        reader: RepositoryReader,
        encoder: Encoder,
        write: GeneratedWrite,
        db: WriteTransaction,
    ) -> None:
        self._relations = relations
        self._reader = reader
        self._encoder = encoder
        self._write = write
        self._db = db
        self._source: Source = relations.sources.sources[write.type_name]
        self.columns: Mapping[str, str] = {}
        self.names: Mapping[str, str] = {}

    @property
    def _relation(self) -> Relation:
        return self._source.relation

    @property
    def _key(self) -> tuple[str, ...]:
        return tuple(self.columns[name] for name in self._write.key)

    async def create(self, input: Any) -> Any:  # noqa: A002 - the name of the argument
        """Create a row."""
        content = self._content(input)
        with self._placing("input", [content]):
            keys = await self._insert([content])
        # A view or a trigger may hide the row.
        return next(iter(await self._read(keys)), None)

    async def create_many(self, input: Sequence[Any]) -> Any:  # noqa: A002
        """Create rows, in their order."""
        self._check_number(len(input))
        keys: list[Key] = []
        contents = [self._content(each) for each in input]
        with self._placing("input", contents, many=True):
            place = 0
            for rows in _runs(contents):
                keys += await self._insert_placed(rows, place)
                place += len(rows)
        self._db.created = CreatedRows(self._relation, contents, self._json)
        return await self._read(keys)

    async def _insert_placed(self, rows: Sequence[Key], place: int) -> list[Key]:
        """Insert rows, the first at ``place``; a refused one is found by inserting halves."""
        try:
            async with self._db.transaction(readonly=False):
                return await self._insert(rows)
        except FraiseQLError as error:
            if is_of_row(sqlstate_of(error)):
                if len(rows) == 1:
                    error.place = ("input", place)
                else:
                    half = len(rows) // 2
                    await self._insert_placed(rows[:half], place)
                    await self._insert_placed(rows[half:], place + half)
            raise

    async def upsert(self, input: Any, on: Any) -> Any:  # noqa: A002
        """Create a row, or change the one with the same key."""
        content = self._content(input)
        target = [self.columns[name] for name in on.value.split(",")]
        changed = [self.columns[name] for name in self._write.update]
        changed = [column for column in changed if column in content]
        with self._placing("input", [content]):
            keys = await self._insert([content], conflict_sql(target, changed))
        return next(iter(await self._read(keys)), None)

    async def update(self, set: Any, **key: Any) -> Any:  # noqa: A002
        """Change the row with a key."""
        return await self._change([self._of_key(key)], self._content(set), key)

    async def update_many(self, set: Any, **rows: Any) -> Any:  # noqa: A002
        """Change the rows that a filter matches."""
        keys, content = await self._lock(**rows), self._content(set)
        return await self._read(await self._update(keys, content))

    async def delete(self, **key: Any) -> Any:
        """Delete the row with a key."""
        keys = [self._of_key(key)]
        documents = await self._read(keys, written=False)
        if not documents or not await self._delete(keys):
            raise self._missing(key)
        return documents[0]

    async def delete_many(self, **rows: Any) -> Any:
        """Delete the rows that a filter matches."""
        keys = await self._lock(**rows)
        documents = await self._read(keys, written=False)
        await self._delete(keys)
        return documents

    async def returned(self, rows: Sequence[Any]) -> list[Document]:
        """Return the documents of rows that a function returned: whole, or their keys alone."""
        key = self._source.key
        alone = bool(rows) and len(rows[0]) == 1 == len(key)
        keys = [{key[0]: row[0]} if alone else {name: row[name] for name in key} for row in rows]
        # Not noted as written: a function may return other rows than it wrote.
        present = [each for each in keys if None not in each.values()]
        return await self._read(present, key)

    async def _change(self, keys: list[Key], content: Key, key: Mapping[str, Any]) -> Any:
        documents = await self._read(await self._update(keys, content))
        if not documents:
            raise self._missing(key)
        return documents[0]

    @contextmanager
    def _placing(
        self, argument: str, contents: Sequence[Key], *, many: bool = False
    ) -> Iterator[None]:
        """Find the place of a text that is too long, which PostgreSQL does not name."""
        try:
            yield
        except InputError as error:
            if sqlstate_of(error) == TOO_LONG:
                for place, content in enumerate(contents):
                    self._check_lengths(content, (argument, place) if many else (argument,))
            raise

    def _check_lengths(self, content: Key, path: tuple[str | int, ...]) -> None:
        for column, value in content.items():
            limit = _LENGTH.fullmatch(self._relation.columns[column].type_name)
            if limit is not None and isinstance(value, str) and len(value) > int(limit[1]):
                name = self.names[column]
                raise InputError(
                    f"{name} has more than {limit[1]} characters.",
                    code=CODES[TOO_LONG],
                    path=(*path, name),
                ) from None

    def _missing(self, key: Mapping[str, Any]) -> InputError:
        return InputError(
            f"No {self._write.type_name} has this key.", code="ROW_NOT_FOUND", path=[*key][:1]
        )

    def _content(self, value: Any) -> Key:
        """Return the columns that an input has, with their values."""
        return {self.columns[name]: item for name, item in vars(value).items() if item is not UNSET}

    def _of_key(self, key: Mapping[str, Any]) -> Key:
        return {self.columns[name]: value for name, value in key.items()}

    async def _insert(self, rows: Sequence[Key], conflict: str = "") -> list[Key]:
        columns = list(rows[0])
        if columns:
            sql = insert_sql(self._relation, columns, self._key, conflict)
            return await self._keys(sql, self._json(rows))
        sql = insert_default_sql(self._relation, self._key)
        return [key for _ in rows for key in await self._keys(sql)]

    async def _update(self, keys: Sequence[Key], content: Key) -> list[Key]:
        if not content or not keys:
            return list(keys)
        sql = update_sql(self._relation, list(content), self._key)
        # With another key, the rows are known to clients by their old ones.
        known = content.keys().isdisjoint(self._key)
        with self._placing("set", [content]):
            return await self._keys(sql, self._json(content), self._json(keys), known=known)

    async def _delete(self, keys: Sequence[Key]) -> list[Key]:
        if not keys:
            return []
        return await self._keys(delete_sql(self._relation, self._key), self._json(keys))

    async def _keys(self, sql: str, *args: Any, known: bool = True) -> list[Key]:
        """Run a statement that writes, and return the keys of its rows."""
        keys = [dict(row) for row in await self._db.fetch(sql, *args)]
        if known:
            self._note(keys)
        return keys

    def _note(self, keys: Sequence[Key]) -> None:
        """Record the keys of written rows, by the GraphQL names of their fields."""
        names = self.names
        shown = [{names.get(name, name): key[name] for name in key} for key in keys]
        self._db.written.setdefault(self._write.type_name, []).extend(shown)

    def _json(self, value: Any) -> str:
        try:
            return self._encoder.json(value).decode()
        except UnpairedSurrogateError as error:
            raise InputError(error.message) from error

    async def _lock(self, where: Any = None, all_rows: bool = False) -> list[Key]:
        """Lock the rows of a filter; return their keys."""
        if not all_rows:
            check_not_empty(where)
        most = self._write.max_affected
        condition, args, parsed = self._condition(where or {})
        sql = lock_sql(self._relation, self._key, condition, most + 1)
        keys = [dict(row) for row in await filtered_rows(self._db, sql, args, parsed=parsed)]
        self._check_number(len(keys))
        return keys

    def _condition(self, where: Mapping[str, Any]) -> tuple[str, list[Any], bool]:
        where = uniform(dict(where))
        scope = self._relations.scope(self._write.type_name, bind_source(self._source))
        writer = ConditionWriter("t0", [])
        condition = writer.condition(parse_filter(references(where, "where"), scope))
        bind = [binder(parameter, converter(parameter)) for parameter in writer.parameters]
        parsed = any(parameter.parsed for parameter in writer.parameters)
        return condition, [each({"where": where}) for each in bind], parsed

    def _check_number(self, rows: int) -> None:
        if rows > self._write.max_affected:
            raise InputError(
                f"The mutation would write more than {self._write.max_affected} rows.",
                hint="Write fewer rows at a time.",
                code="TOO_MANY_ROWS",
            )

    async def _read(
        self, keys: Sequence[Key], names: Sequence[str] = (), *, written: bool = True
    ) -> list[Document]:
        """Return the documents of rows, in the order of their keys.

        Args:
            keys: The keys.
            names: Their columns, if they are not those of the declaration.
            written: Whether nothing is written after it, so that stored documents are read.
        """
        if not keys:
            return []
        # A filter has the names of fields, and one of them may be that of another field's column.
        fields = {column: name for name, column in self.columns.items()}
        shown = {name: fields.get(name, name) for name in names or self._key}
        if len(shown) == 1:
            ((column, field),) = shown.items()
            where: dict[str, Any] = {field: {"in": [key[column] for key in keys]}}
        else:
            where = {"or": [{shown[column]: key[column] for column in shown} for key in keys]}
        reading = self._reader.prepare(self._write.source, where)
        rows = await written_rows(self._db, reading, stored=written)
        return [Document(row[0], reading.type_name) for row in rows]


def _runs(rows: Sequence[Key]) -> list[list[Key]]:
    """Return the rows in runs with the same columns."""
    runs: list[list[Key]] = []
    for row in rows:
        if runs and runs[-1][0].keys() == row.keys():
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs
