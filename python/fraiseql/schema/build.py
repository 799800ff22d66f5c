"""GraphQL schema of checked declarations."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLDefaultInput,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from fraiseql.schema.abstract import implementations
from fraiseql.schema.aggregates import (
    aggregate_type,
    aggregated_types,
    group_by_input,
    group_order_input,
    having_input,
)
from fraiseql.schema.by_key import ByKey, GroupBy, GroupOrder, Having
from fraiseql.schema.connections import connection_type
from fraiseql.schema.container_filters import (
    JSON_FILTER,
    LENGTH_FILTER,
    array_filter,
    array_filter_name,
    json_fields,
    json_filter,
    length_filter,
    list_leaves,
)
from fraiseql.schema.defaults import MISSING_DEFAULT, external_default, instance_maker
from fraiseql.schema.definitions import (
    MUTATION,
    QUERY,
    ArgumentDefinition,
    EnumDefinition,
    FieldDefinition,
    InputDefinition,
    InterfaceDefinition,
    ObjectDefinition,
    QueryDefinition,
    ScalarDefinition,
    UnionDefinition,
)
from fraiseql.schema.filter_options import Filter
from fraiseql.schema.filters import (
    COUNT_ORDER,
    comparable,
    embedded,
    input_name,
    is_text,
    leaf_filter,
    list_filter,
    listed,
    order_input,
    own_filter_name,
    where_input,
)
from fraiseql.schema.guards import Guards
from fraiseql.schema.hints import Generated, TypeReference, read_hint
from fraiseql.schema.keys import key_input
from fraiseql.schema.leaves import EnumType, custom_scalar
from fraiseql.schema.model import Composite, Model
from fraiseql.schema.pages import page_type
from fraiseql.schema.queries import OrderBy, Where

_LISTED: Final = (OrderBy, GroupBy, GroupOrder)
"""Generated inputs of which an argument takes a list."""


class GraphQLBuilder:
    """Builds each GraphQL type of a model once."""

    def __init__(
        self, model: Model, leaves: Mapping[Any, GraphQLScalarType], guards: Guards
    ) -> None:
        self.model = model
        # A filter may compare by the fields of other types, through embeds.
        self._guarded = bool(guards.inputs)
        self.leaves = leaves
        self.types: dict[Any, Any] = {}
        self.filters: dict[Any, GraphQLInputObjectType] = {}
        self.pages: dict[tuple[str, Any], GraphQLObjectType] = {}
        self.aggregates: dict[str, GraphQLObjectType] = {}
        self._aggregated = aggregated_types(model)
        self.list_filters: dict[str, GraphQLInputObjectType] = {}

    def schema(self) -> GraphQLSchema:
        """Build the schema: declared types in the order they were found, then the root types."""
        query, mutation = self._root_type(QUERY), self._root_type(MUTATION)
        named = [self._named(target) for target in self.model.definitions]
        return GraphQLSchema(query=query, mutation=mutation, types=named)

    def _root_type(self, name: str) -> GraphQLObjectType | None:
        fields = [query for query in self.model.queries if query.root == name]
        if not fields:
            return None
        return GraphQLObjectType(name, lambda: {f.graphql_name: self._root(f) for f in fields})

    def _named(self, target: Any) -> Any:
        if target in self.leaves:
            return self.leaves[target]
        if target not in self.types:
            self.types[target] = self._make(target)
        return self.types[target]

    def _make(self, target: Any) -> GraphQLNamedType:
        if isinstance(target, Generated):
            return self._generated(target)
        definition = self.model.definitions[target]
        makers: Mapping[type, Callable[[Any], GraphQLNamedType]] = {
            ObjectDefinition: self._object,
            InterfaceDefinition: self._interface,
            InputDefinition: self._input,
            EnumDefinition: _enum,
            UnionDefinition: self._union,
            ScalarDefinition: custom_scalar,
        }
        return makers[type(definition)](definition)

    def _type(self, ref: TypeReference) -> Any:
        """Return a type with its list and non-null wrappers."""
        if ref.item is not None:
            graphql_type: Any = GraphQLList(self._type(ref.item))
        elif isinstance(ref.target, Generated) and ref.target.kind in _LISTED:
            graphql_type = GraphQLList(GraphQLNonNull(self._named(ref.target)))
        else:
            graphql_type = self._named(ref.target)
        return graphql_type if ref.nullable else GraphQLNonNull(graphql_type)

    def _root(self, query: QueryDefinition) -> GraphQLField:
        type_ = self._type(read_hint(query.annotation, query.name))
        if query.paged or query.connected:
            make = page_type if query.paged else self._connection
            type_ = GraphQLNonNull(self._page(type_, make))
        if query.aggregated:
            type_ = self._groups(type_)
        return GraphQLField(
            type_,
            {entry.graphql_name: self._argument(entry) for entry in query.arguments},
            description=query.description,
            deprecation_reason=query.deprecation,
        )

    def _page(self, items: Any, make: Callable[[Any], GraphQLObjectType]) -> GraphQLObjectType:
        key = (get_named_type(items).name, make.__name__)
        if key not in self.pages:
            self.pages[key] = make(items)
        return self.pages[key]

    def _connection(self, nodes: Any) -> GraphQLObjectType:
        name = get_named_type(nodes).name
        return connection_type(nodes, self._aggregate(name) if name in self._aggregated else None)

    def _argument(self, entry: ArgumentDefinition) -> GraphQLArgument:
        return GraphQLArgument(
            self._type(read_hint(entry.annotation, entry.name)),
            default=self._default(entry),
            description=entry.description,
            out_name=entry.name,
        )

    def _default(self, entry: ArgumentDefinition) -> GraphQLDefaultInput | None:
        value = external_default(entry, entry.name, self.model)
        return None if value is MISSING_DEFAULT else GraphQLDefaultInput(value)

    def _field(self, field: FieldDefinition) -> GraphQLField:
        type_ = self._type(read_hint(field.annotation, field.name))
        if field.embed is not None and field.embed.connection:
            type_ = GraphQLNonNull(self._page(type_, self._connection))
        return GraphQLField(
            type_,
            {entry.graphql_name: self._argument(entry) for entry in field.arguments},
            description=field.description,
            deprecation_reason=field.deprecation,
        )

    def _fields(self, definition: Composite) -> Callable[[], dict[str, GraphQLField]]:
        return lambda: {
            field.graphql_name: self._field(field) for field in definition.fields.values()
        }

    def _object(self, definition: ObjectDefinition) -> GraphQLObjectType:
        return GraphQLObjectType(
            definition.name,
            self._fields(definition),
            interfaces=lambda: [self._named(base) for base in definition.interfaces],
            description=definition.description,
        )

    def _interface(self, definition: InterfaceDefinition) -> GraphQLInterfaceType:
        objects = implementations(definition.python_class, self.model)
        members = [entry.python_class for entry in objects]
        return GraphQLInterfaceType(
            definition.name,
            self._fields(definition),
            interfaces=lambda: [self._named(base) for base in definition.interfaces],
            resolve_type=self._resolve_type(definition.discriminator, members),
            description=definition.description,
        )

    def _union(self, definition: UnionDefinition) -> GraphQLUnionType:
        return GraphQLUnionType(
            definition.name,
            lambda: [self._named(member) for member in definition.members],
            resolve_type=self._resolve_type(definition.discriminator, definition.members),
            description=definition.description,
        )

    def _resolve_type(
        self, discriminator: str, members: Iterable[Any]
    ) -> Callable[..., str | None]:
        """Return the function by which graphql-core finds the type of a value."""
        definitions = [self.model.definitions[member] for member in members]
        objects = [entry for entry in definitions if isinstance(entry, ObjectDefinition)]
        tags = {entry.tag or entry.name: entry.name for entry in objects}
        classes = {entry.python_class: entry.name for entry in objects}

        def resolve(value: Any, *_: Any) -> str | None:
            if isinstance(value, Mapping):
                return tags.get(value.get(discriminator, ""))
            return classes.get(type(value))

        return resolve

    def _input(self, definition: InputDefinition) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            return {
                entry.graphql_name: GraphQLInputField(
                    self._type(read_hint(entry.annotation, entry.name)),
                    default=self._default(entry),
                    description=entry.description,
                    out_name=entry.name,
                )
                for entry in definition.fields.values()
            }

        return GraphQLInputObjectType(
            definition.name,
            fields,
            description=definition.description,
            out_type=instance_maker(definition.python_class, definition.name),
        )

    def _generated(self, target: Generated) -> GraphQLInputObjectType | GraphQLEnumType:
        definition = self.model.composite(target.of)
        if definition is None:
            raise AssertionError(target)
        fields = comparable(definition, self.model)
        guarded = self._guarded
        if target.kind is ByKey:
            name = input_name(ByKey, definition)
            return key_input(name, definition, self.model, self._leaf_of, guarded=guarded)
        if target.kind in (GroupBy, Having, GroupOrder):
            return self._grouping(target.kind, definition)
        if target.kind is OrderBy:
            return order_input(
                definition,
                list(fields),
                lambda: self._embed_orders(definition),
                guarded=guarded,
            )
        return where_input(
            definition,
            lambda: {
                **self._filters(definition, fields),
                **self._other_filters(definition),
                **self._embed_filters(definition),
            },
            guarded=guarded,
        )

    def _grouping(
        self, kind: type, definition: Composite
    ) -> GraphQLInputObjectType | GraphQLEnumType:
        name = input_name(kind, definition)
        if kind is GroupBy:
            return group_by_input(name, definition, self.model)
        if kind is GroupOrder:
            return group_order_input(name, definition, self.model)

        def filter_of(target: Any) -> GraphQLInputObjectType:
            return self._filter(TypeReference(nullable=True, target=target))

        return having_input(name, definition, self.model, filter_of)

    def _groups(self, rows: Any) -> Any:
        """Return the type of a list of groups, for the type of a list of rows."""
        group = self._aggregate(get_named_type(rows).name)
        return GraphQLNonNull(GraphQLList(GraphQLNonNull(group)))

    def _aggregate(self, name: str) -> GraphQLObjectType:
        if name not in self.aggregates:
            definition = next(each for each in self.model.composites() if each.name == name)
            self.aggregates[name] = aggregate_type(definition, self.model, self._named)
        return self.aggregates[name]

    def _leaf_of(self, ref: TypeReference) -> Any:
        return self._named(ref.target)

    def _embed_orders(self, definition: Composite) -> dict[str, GraphQLInputObjectType]:
        """Return the orders by embeds, by Python name."""
        lists = listed(definition, self.model)
        return {
            name: COUNT_ORDER
            if name in lists
            else self._named(Generated(OrderBy, inner.python_class))
            for name, inner in embedded(definition, self.model).items()
        }

    def _embed_filters(self, definition: Composite) -> dict[str, GraphQLInputObjectType]:
        """Return the filters of embeds by Python name."""
        filters, lists = {}, listed(definition, self.model)
        for name, inner in embedded(definition, self.model).items():
            where = self._named(Generated(Where, inner.python_class))
            filters[name] = self._list_filter(inner, where) if name in lists else where
        return filters

    def _list_filter(
        self, inner: Composite, where: GraphQLInputObjectType
    ) -> GraphQLInputObjectType:
        if inner.name not in self.list_filters:
            self.list_filters[inner.name] = list_filter(inner, where)
        return self.list_filters[inner.name]

    def _filters(
        self, definition: Composite, fields: Mapping[str, TypeReference]
    ) -> dict[str, GraphQLInputObjectType]:
        """Return the filters of leaves by Python name; a field without operators has none."""
        filters = {}
        for name, ref in fields.items():
            field = definition.fields[name]
            if field.filter is None or field.filter == Filter(indexed=True):
                filters[name] = self._filter(ref)
            elif field.filter.named() != frozenset():
                filters[name] = self._own_filter(definition, field, ref)
        return filters

    def _other_filters(self, definition: Composite) -> dict[str, GraphQLInputObjectType]:
        """Return the filters of arrays and of JSON by Python name."""
        filters = {}
        for name, item in list_leaves(definition, self.model).items():
            key = array_filter_name(self._named(item.target).name)
            if LENGTH_FILTER not in self.filters:
                self.filters[LENGTH_FILTER] = length_filter()
            if key not in self.filters:
                self.filters[key] = array_filter(
                    self._named(item.target), self.filters[LENGTH_FILTER]
                )
            filters[name] = self.filters[key]
        for name in json_fields(definition):
            field = definition.fields[name]
            if field.filter is not None and field.filter.path:
                filters[name] = json_filter(self._named(Any), own_filter_name(definition, field))
                continue
            if JSON_FILTER not in self.filters:
                self.filters[JSON_FILTER] = json_filter(self._named(Any))
            filters[name] = self.filters[JSON_FILTER]
        return filters

    def _own_filter(
        self, definition: Composite, field: FieldDefinition, ref: TypeReference
    ) -> GraphQLInputObjectType:
        text = is_text(ref, self.model)
        name = own_filter_name(definition, field)
        return leaf_filter(self._named(ref.target), text=text, name=name, only=field.filter)

    def _filter(self, ref: TypeReference) -> GraphQLInputObjectType:
        if ref.target not in self.filters:
            leaf: GraphQLScalarType | GraphQLEnumType = self._named(ref.target)
            text = is_text(ref, self.model)
            self.filters[ref.target] = leaf_filter(leaf, text=text)
        return self.filters[ref.target]


def _enum(definition: EnumDefinition) -> GraphQLEnumType:
    return EnumType(
        definition.name,
        {
            member.name: GraphQLEnumValue(
                member, description=definition.descriptions.get(member.name)
            )
            for member in definition.python_class  # type: ignore[attr-defined]
        },
        description=definition.description,
    )
