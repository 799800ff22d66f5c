"""``build_schema``: one checked schema from declared types and queries."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from graphql import GraphQLSchema, validate_schema

from fraiseql.errors import DeclarationError
from fraiseql.schema.build import GraphQLBuilder
from fraiseql.schema.cache import Cache
from fraiseql.schema.checks import check_model
from fraiseql.schema.collect import own_definition
from fraiseql.schema.definitions import (
    MUTATION,
    QUERY,
    EnumDefinition,
    FieldDefinition,
    InputDefinition,
    InterfaceDefinition,
    ObjectDefinition,
    QueryDefinition,
    ScalarDefinition,
    UnionDefinition,
)
from fraiseql.schema.finder import find_declarations, of_root
from fraiseql.schema.guards import Guards, find_guards
from fraiseql.schema.hiding import check_hidden, find_hidden
from fraiseql.schema.leaves import leaves_of
from fraiseql.schema.model import Model
from fraiseql.schema.nested import complete_embeds
from fraiseql.schema.requirements import Check
from fraiseql.schema.roots import complete_roots
from fraiseql.settings import NumberForm


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """All declarations, with evaluated hints, and their GraphQL schema.

    Attributes:
        graphql: Its scalars parse into Python values.
        objects: By GraphQL type name, as are ``interfaces``, ``unions``, ``enums``, ``inputs`` and
            ``scalars``.
        queries: By GraphQL field name, as are ``mutations``.
        fields: Of objects and interfaces: type name, then GraphQL field name.
        classes: GraphQL type name by Python class.
        operation_caches: Values of ``cached_operations`` of ``create_app``.
        traced: Whether the application has a trace, whose tables ``fraiseql db apply`` creates.
        guards: The rights that requests need.
        without: Returns the GraphQL schema that a request sees if it fails these checks; None if
            it sees no root field.
    """

    graphql: GraphQLSchema
    objects: Mapping[str, ObjectDefinition]
    interfaces: Mapping[str, InterfaceDefinition]
    unions: Mapping[str, UnionDefinition]
    enums: Mapping[str, EnumDefinition]
    inputs: Mapping[str, InputDefinition]
    scalars: Mapping[str, ScalarDefinition]
    queries: Mapping[str, QueryDefinition]
    mutations: Mapping[str, QueryDefinition]
    fields: Mapping[str, Mapping[str, FieldDefinition]]
    classes: Mapping[type, str]
    operation_caches: tuple[Cache, ...] = ()
    traced: bool = False
    guards: Guards = field(default_factory=Guards)
    without: Callable[[Collection[Check]], GraphQLSchema | None] = lambda _: None

    @property
    def private_names(self) -> frozenset[str]:
        """Names of private fields in Python, in GraphQL and in the database."""
        private = [
            field for fields in self.fields.values() for field in fields.values() if field.private
        ]
        names = [(field.name, field.graphql_name, field.column) for field in private]
        return frozenset(name for each in names for name in each if name is not None)


def build_schema(
    types: Iterable[Any] = (),
    queries: Iterable[Any] = (),
    mutations: Iterable[Any] = (),
    *,
    numbers_as: NumberForm = "number",
) -> Schema:
    """Build the schema of one application.

    Args:
        types: Declared types that no query names: implementations of an interface, and classes in
            string hints that their module does not define.
        queries: Functions decorated with ``query``, and what ``find`` and ``find_one`` return.
        mutations: Functions decorated with ``mutation``.
        numbers_as: How responses write BigInt and Decimal: ``number`` or ``text``.

    Raises:
        DeclarationError: A declaration cannot be served as it is written, or ``numbers_as`` is
            neither ``number`` nor ``text``.

    Example:
        >>> import fraiseql, graphql
        >>> @fraiseql.query
        ... def greeting(name: str = "you") -> str:
        ...     return f"Hello {name}"
        >>> print(graphql.print_schema(build_schema(queries=[greeting]).graphql))
        type Query {
          greeting(name: String! = "you"): String!
        }
    """
    types, roots = list(types), [*of_root(QUERY, queries), *of_root(MUTATION, mutations)]
    model = find_declarations(types, roots)
    complete_roots(model)
    complete_embeds(model)
    check_model(model)
    guards = find_guards(model)
    check_hidden(model, guards)
    built = GraphQLBuilder(model, leaves_of(numbers_as), guards).schema()
    errors = validate_schema(built)
    if errors:
        raise DeclarationError("; ".join(error.message for error in errors))
    schema = _schema(model, built, guards)
    return replace(schema, without=partial(_without, model, guards, (types, roots), numbers_as))


def _without(
    model: Model,
    guards: Guards,
    declared: tuple[list[Any], list[Any]],
    numbers_as: NumberForm,
    failed: Collection[Check],
) -> GraphQLSchema | None:
    """Build the schema of the declarations that a request sees."""
    visible = find_declarations(*declared, find_hidden(model, guards, failed))
    if all(query.write for query in visible.queries):
        return None
    complete_roots(visible)
    complete_embeds(visible)
    built = GraphQLBuilder(visible, leaves_of(numbers_as), guards).schema()
    return None if validate_schema(built) else built


def _roots(model: Model, name: str) -> dict[str, QueryDefinition]:
    return {query.graphql_name: query for query in model.queries if query.root == name}


def _schema(model: Model, built: GraphQLSchema, guards: Guards) -> Schema:
    definitions = model.definitions.values()

    def named(kind: type) -> dict[str, Any]:
        return {entry.name: entry for entry in definitions if isinstance(entry, kind)}

    return Schema(
        graphql=built,
        objects=named(ObjectDefinition),
        interfaces=named(InterfaceDefinition),
        unions=named(UnionDefinition),
        enums=named(EnumDefinition),
        inputs=named(InputDefinition),
        scalars=named(ScalarDefinition),
        queries=_roots(model, QUERY),
        mutations=_roots(model, MUTATION),
        fields={
            entry.name: {field.graphql_name: field for field in entry.fields.values()}
            for entry in model.composites()
        },
        classes={
            cls: entry.name
            for entry in definitions
            for cls in (getattr(entry, "python_class", None),)
            if isinstance(cls, type) and own_definition(cls) is not None
        },
        guards=guards,
    )
