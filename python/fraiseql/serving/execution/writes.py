"""Generated mutations: they write rows, and read the documents of these rows."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from fraiseql.database import WriteTransaction
from fraiseql.errors import ConfigurationError
from fraiseql.schema import UNSET, Schema
from fraiseql.schema.generated import GeneratedWrite
from fraiseql.schema.sql_functions import SqlFunction
from fraiseql.serving.execution.encode import Encoder
from fraiseql.serving.execution.mutation_run import MutationRun
from fraiseql.serving.execution.reading import RepositoryReader
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.sql.write import call_sql


class RowWriter:
    """Runs the generated mutations of an application.

    Args:
        schema: The declarations.
        relations: Relations of types.
        reader: Reads the documents of written rows.
    """

    def __init__(self, schema: Schema, relations: Relations, reader: RepositoryReader) -> None:
        self._schema = schema
        self._relations = relations
        self._reader = reader
        self._encoder = Encoder(schema)

    def _columns(self, type_name: str) -> Mapping[str, str]:
        """Return the columns by the names of their fields."""
        fields = self._schema.fields[type_name].values()
        return {field.name: field.column or field.name for field in fields}

    async def run(
        self, write: GeneratedWrite, context: Mapping[str, Any], arguments: Mapping[str, Any]
    ) -> Any:
        """Run a mutation; return its documents.

        Args:
            write: The mutation.
            context: The context of the request.
            arguments: Its arguments by Python name.

        Raises:
            InputError: No row has the key, the filter is empty, or too many rows match it.
            DatabaseError: The database refused the change.
        """
        run = self._run(write, context)
        return await getattr(run, write.kind)(**arguments)

    async def call(
        self, function: SqlFunction, context: Mapping[str, Any], arguments: Mapping[str, Any]
    ) -> Any:
        """Call a function of the database; return its documents or values.

        Args:
            function: The function.
            context: The context of the request.
            arguments: Its arguments; those that are ``UNSET`` have the function's defaults.

        Raises:
            DatabaseError: The function failed.
        """
        sent = {name: value for name, value in arguments.items() if value is not UNSET}
        sql = call_sql(function.name, list(sent))
        values = [self._value(value, json=name in function.json) for name, value in sent.items()]
        rows = await _transaction(context).fetch(sql, *values)
        type_name = self._schema.classes.get(function.returned)
        source = self._relations.sources.sources.get(type_name or "")
        if source is None:
            found: list[Any] = [self._returned(function, row[0]) for row in rows]
        else:
            write = GeneratedWrite("update", source.type_name, source.declared, source.key, (), 0)
            found = await self._run(write, context).returned(rows)
        return found if function.many else next(iter(found), None)

    def _returned(self, function: SqlFunction, value: Any) -> Any:
        """Return a value of a function; the driver gives JSON as text."""
        if function.returns_json and isinstance(value, str):
            return self._encoder.document(value, "JSON")
        return value

    def _value(self, value: Any, *, json: bool = False) -> Any:
        """Return an argument of a function as the driver takes it."""
        if value is None:
            return None
        if isinstance(value, list) and not json:
            return [self._value(item) for item in value]
        if json or isinstance(value, dict):
            return self._encoder.json(value).decode()
        return value.value if isinstance(value, Enum) else value

    def _run(self, write: GeneratedWrite, context: Mapping[str, Any]) -> "MutationRun":
        db = _transaction(context)
        run = MutationRun(self._relations, self._reader, self._encoder, write, db)
        run.columns = self._columns(write.type_name)
        fields = self._schema.fields[write.type_name].values()
        run.names = {field.column or field.name: field.graphql_name for field in fields}
        return run


def _transaction(context: Mapping[str, Any]) -> WriteTransaction:
    db = context["db"]
    if not isinstance(db, WriteTransaction):
        raise ConfigurationError(
            "Generated mutations need the transaction of the request.",
            hint="Give no db of your own in the context.",
        )
    return db
