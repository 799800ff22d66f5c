"""Generated mutations: their inputs, arguments and functions."""

import enum as enums
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Optional, get_origin

from fraiseql.errors import DeclarationError
from fraiseql.naming import suggestion, to_camel
from fraiseql.schema.declare import enum, input  # noqa: A004 - the public names
from fraiseql.schema.definitions import (
    MISSING,
    ArgumentDefinition,
    FieldDefinition,
    ObjectDefinition,
    QueryDefinition,
    WriteOptions,
)
from fraiseql.schema.hints import read_hint
from fraiseql.schema.info import CONTEXT_KEY, Info
from fraiseql.schema.queries import Where
from fraiseql.schema.unset import UNSET
from fraiseql.schema.writes import Writes

Kind = Literal["create", "create_many", "update", "update_many", "upsert", "delete", "delete_many"]

_TEXTS: Final[dict[str, str]] = {
    "create": "Create a {0}.",
    "create_many": "Create several {0}, or none if one of them is refused.",
    "update": "Change the {0} with this key.",
    "update_many": "Change every {0} that the filter matches.",
    "upsert": "Create a {0}, or change the one with the same key.",
    "delete": "Delete the {0} with this key; answers it as it was.",
    "delete_many": "Delete every {0} that the filter matches; answers them as they were.",
}


@dataclass(frozen=True, slots=True)
class GeneratedWrite:
    """The function of a generated mutation.

    Attributes:
        kind: What it does.
        type_name: GraphQL name of the type.
        source: Its relation.
        key: Fields of its key.
        update: Fields that an upsert changes.
        max_affected: Most rows that it may write.
    """

    kind: Kind
    type_name: str
    source: str
    key: tuple[str, ...]
    update: tuple[str, ...]
    max_affected: int

    async def __call__(self, info: Info, **arguments: Any) -> Any:
        """Write, and return the documents of the rows."""
        return await info.context[CONTEXT_KEY].writer.run(self, info.context, arguments)


def generated_mutations(definition: ObjectDefinition, *, partly: bool) -> Iterator[QueryDefinition]:
    """Yield the generated mutations of a type with evaluated hints.

    Args:
        definition: The type.
        partly: Whether some fields may be hidden: they are left out.

    Raises:
        DeclarationError: A listed field cannot be written.
    """
    if definition.writes is not None:
        yield from _Generator(definition, definition.writes, partly=partly).mutations()


class _Generator:
    """Generates the mutations of one type."""

    def __init__(self, definition: ObjectDefinition, writes: Writes, *, partly: bool) -> None:
        self._definition = definition
        self._name = definition.name
        self._writes = writes
        self._create = self._fields("create", writes.create, partly=partly)
        self._update = self._fields("update", writes.update, partly=partly)
        for key in writes.upsert:
            self._fields("upsert", key, partly=partly)
        if definition.sql_source is None:
            raise DeclarationError(
                f"{self._name} has writes=, but no sql_source.",
                hint='Write @fraiseql.type(sql_source="…", writes=…).',
            )

    def mutations(self) -> Iterator[QueryDefinition]:
        """Yield the mutations."""
        many = self._writes.many
        if self._create:
            new: Any = self._input("Create", self._create, required=True)
            yield self._mutation("create", [_argument("input", new)])
            if many:
                yield self._mutation("create_many", [_argument("input", _list_of(new))])
            if self._writes.upsert:
                yield self._mutation("upsert", [_argument("input", new), self._on()])
        if self._update:
            changes = _argument("set", self._input("Update", self._update, required=False))
            yield self._mutation("update", [*self._keys(), changes])
            if many:
                yield self._mutation("update_many", [*self._filter(), changes])
        if self._writes.delete:
            yield self._mutation("delete", self._keys())
            if many:
                yield self._mutation("delete_many", self._filter())

    def _mutation(self, kind: Kind, arguments: Sequence[ArgumentDefinition]) -> QueryDefinition:
        cls, writes = self._definition.python_class, self._writes
        function = GeneratedWrite(
            kind,
            self._name,
            self._definition.sql_source or "",
            tuple(argument.name for argument in self._keys()),
            tuple(field.name for field in self._update),
            writes.max_affected,
        )
        returned: Any = _list_of(cls) if kind.endswith("many") else cls
        name = to_camel(kind) + self._name
        union = writes.errors == "union" and not kind.endswith("many")
        return QueryDefinition(
            name=name,
            graphql_name=name,
            annotation=Optional[returned],  # noqa: UP045 - a value
            arguments=tuple(arguments),
            description=_TEXTS[kind].format(self._name),
            function=function,
            write=WriteOptions(retry=True, union=union),
            requirement=writes.requirement,
        )

    def _fields(
        self, option: str, names: Sequence[str], *, partly: bool
    ) -> Sequence[FieldDefinition]:
        fields = self._definition.fields
        stored = [
            name for name, each in fields.items() if each.embed is None and each.computed is None
        ]
        for name in names:
            if name not in stored and not (partly and name not in fields):
                raise DeclarationError(
                    f"Writes of {self._name} has {option}={name!r}, which is not a stored field."
                    f"{suggestion(name, stored)}",
                    hint=f"Stored fields: {', '.join(stored) or '(none)'}.",
                )
        return [fields[name] for name in names if name in fields]

    def _keys(self) -> list[ArgumentDefinition]:
        """Return the arguments of the key."""
        columns = self._definition.key or ("id",)
        own = {field.column or field.name: field for field in self._definition.fields.values()}
        for column in columns:
            if column not in own:
                raise DeclarationError(
                    f"Writes of {self._name} needs its key, and {column!r} is not a field of it.",
                    hint='Declare the fields of the key, and name it: key="…".',
                )
        keys = [own[column] for column in columns]
        return [_argument(key.name, _without_null(key.annotation), key) for key in keys]

    def _filter(self) -> list[ArgumentDefinition]:
        where = Optional[Where[self._definition.python_class]]  # type: ignore[name-defined]  # noqa: UP045
        rows = "Rows to write; not empty."
        everything = "True to write every row, without a filter."
        return [
            ArgumentDefinition("where", "where", where, None, rows),
            ArgumentDefinition("all_rows", "all", bool, False, everything),
        ]

    def _input(self, verb: str, fields: Sequence[FieldDefinition], *, required: bool) -> type:
        """Return the input class of a mutation."""
        hints: dict[str, Any] = {}
        content: dict[str, Any] = {}
        for field in fields:
            hint = field.annotation
            optional = field.default is not MISSING or read_hint(hint, field.name).nullable
            if optional or not required:
                hint, content[field.name] = Optional[hint], UNSET  # noqa: UP045 - a value
            hints[field.name] = hint
        cls = type(f"{verb}{self._name}Input", (), {**content, "__annotations__": hints})
        cls.__module__ = self._definition.python_class.__module__
        return input(description=f"Fields of {verb.lower()}{self._name}.")(cls)

    def _on(self) -> ArgumentDefinition:
        """Return the argument that chooses the unique key of an upsert."""
        keys = {"_".join(key).upper(): ",".join(key) for key in self._writes.upsert}
        if len(keys) < len(set(self._writes.upsert)):
            raise DeclarationError(
                f"Writes of {self._name} has two keys in upsert= with one name in GraphQL.",
                hint=f"Rename a field; the names are {', '.join(keys)}.",
            )
        members: Any = enums.Enum(f"{self._name}Key", keys)  # type: ignore[misc]
        members.__module__ = self._definition.python_class.__module__
        return _argument("on", enum(description=f"Unique keys of {self._name}.")(members))


def _argument(name: str, hint: Any, field: FieldDefinition | None = None) -> ArgumentDefinition:
    graphql_name = to_camel(name) if field is None else field.graphql_name
    description = None if field is None else field.description
    return ArgumentDefinition(name, graphql_name, hint, description=description)


def _list_of(hint: Any) -> Any:
    return types.GenericAlias(list, (hint,))


def _without_null(hint: Any) -> Any:
    """Return ``T`` of ``T | None``."""
    if get_origin(hint) is Annotated or not read_hint(hint, "").nullable:
        return hint
    return next(part for part in hint.__args__ if part is not type(None))
