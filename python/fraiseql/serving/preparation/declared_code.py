"""Digests of the Python code behind a schema's fields."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from fraiseql.code_digest import RELEASE, Ownership, digest_of
from fraiseql.events import logger
from fraiseql.schema import Schema
from fraiseql.schema.definitions import (
    FieldDefinition,
    InterfaceDefinition,
    ObjectDefinition,
    QueryDefinition,
)
from fraiseql.schema.functions import plain_function

_PYTHON: Final = (sys.implementation.cache_tag, *sys.version_info)


class DeclaredCode:
    """Digests by field: a changed digest means that the answers may differ.

    The code is read when the application starts, when all modules are imported. Later assignments
    and changes to containers are not noticed.

    Args:
        schema: The declarations.
        code_version: The application's own version.
    """

    def __init__(self, schema: Schema, code_version: str = "") -> None:
        self._schema = schema
        self._code_version = code_version
        self._ownership: Ownership | None = None
        self._digests: dict[tuple[str, str], str] = {}

    def read(self) -> None:
        """Read all code that can affect an answer."""
        logger.debug("The digest of scalars, enums and inputs is %s.", self.leaves)
        for query in self._schema.queries.values():
            if query.function is not None:
                self.query(query)
        for type_name, fields in self._schema.fields.items():
            for field in fields.values():
                self.computed(type_name, field)

    @property
    def leaves(self) -> str:
        """Digest of scalars, enums, inputs and versions, which affect every answer."""
        return self._digest("", "", self._leaves)

    def query(self, definition: QueryDefinition) -> str:
        """Return the digest of a resolver, of its hints, and of all declared types."""
        return self._digest("Query", definition.graphql_name, lambda: self._of_query(definition))

    def computed(self, type_name: str, definition: FieldDefinition) -> str:
        """Return the digest of a computed field and of the class of its parent."""
        computed = definition.computed
        if computed is None:
            return ""
        return self._digest(
            type_name,
            definition.name,
            lambda: [
                _PYTHON,
                self._class(type_name),
                computed.function,
                *_arguments(computed.arguments),
            ],
        )

    def _digest(self, type_name: str, name: str, values: Any) -> str:
        digest = self._digests.get((type_name, name))
        if digest is None:
            if self._ownership is None:
                self._ownership = Ownership(_modules(self._schema))
            code = digest_of(values(), self._ownership)
            digest = self._digests[type_name, name] = code.digest
            if code.unseen:
                logger.info(
                    "Cached answers of %s do not notice a change of %s: set code_version.",
                    f"{type_name}.{name}".strip(".") or "scalars",
                    ", ".join(code.unseen),
                )
        return digest

    def _class(self, type_name: str) -> Any:
        definition = self._schema.objects.get(type_name) or self._schema.interfaces.get(type_name)
        return None if definition is None else definition.python_class

    def _leaves(self) -> Iterator[Any]:
        schema = self._schema
        yield [self._code_version, RELEASE]
        for name, scalar in schema.scalars.items():
            yield [name, scalar.form, scalar.python_class, scalar.parse, scalar.serialize]
        for name, enum in schema.enums.items():
            yield [name, enum.python_class]
        for name, declared in schema.inputs.items():
            yield [name, declared.python_class, *_arguments(declared.fields.values())]

    @property
    def _types(self) -> str:
        """Digest of all declared types, whose instances a resolver may return."""
        return self._digest("types", "", self._all_types)

    def _all_types(self) -> Iterator[Any]:
        schema = self._schema
        composites: Iterable[ObjectDefinition | InterfaceDefinition]
        composites = chain(schema.objects.values(), schema.interfaces.values())
        for declared in composites:
            yield [declared.python_class, declared.sql_source, declared.jsonb_column]
            for field in declared.fields.values():
                yield [field.name, field.graphql_name, repr(field.embed), field.annotation]

    def _of_query(self, definition: QueryDefinition) -> Iterator[Any]:
        yield _PYTHON
        yield [self._types, definition.name, definition.function, definition.annotation]
        yield from _arguments(definition.arguments)


def _arguments(arguments: Iterable[Any]) -> Iterator[Any]:
    for argument in arguments:
        yield [argument.name, argument.graphql_name, argument.annotation, argument.default]


def _modules(schema: Schema) -> Iterator[str]:
    """Yield the names of the modules with declarations."""
    for query in schema.queries.values():
        if query.function is not None:
            yield str(getattr(plain_function(query.function), "__module__", ""))
    for definitions in (schema.objects, schema.interfaces, schema.inputs, schema.enums):
        for definition in definitions.values():
            yield definition.python_class.__module__
