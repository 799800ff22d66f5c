"""Plans of object types: their shapes and the rows to read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from fraiseql.catalog import Column
from fraiseql.errors import InputError
from fraiseql.schema.definitions import FieldDefinition
from fraiseql.serving.planning.arguments import ArgumentReader, input_error
from fraiseql.serving.planning.denials import Denials
from fraiseql.serving.planning.embedded_connections import EmbedPlace, plan_embedded_connection
from fraiseql.serving.planning.fields import own_column, stored_column
from fraiseql.serving.planning.nested import (
    ListArguments,
    field_error,
    is_part,
    read_list_arguments,
    unread,
)
from fraiseql.serving.planning.plan import ComputedStep, FieldPlan
from fraiseql.serving.planning.reads import DOCUMENT_KEY, Embedded, RelationRead, merged
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.serving.planning.selection import SelectedField, Selection
from fraiseql.serving.planning.shapes import ShapeBuilder, field_node


@dataclass(slots=True)
class _Row:
    """The parts of a row that the selected fields need; object types may share it."""

    bound: BoundRelation
    columns: dict[str, None] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    document: Column | None = None
    keys: dict[str, Column] = field(default_factory=dict)
    embeds: dict[str, Embedded] = field(default_factory=dict)
    exact: bool = False

    def read(self) -> RelationRead:
        return RelationRead(
            self.bound.relation,
            tuple(self.columns),
            self.document,
            tuple(self.keys.items()),
            tuple(self.embeds.values()),
            renamed=tuple(self.renamed.items()),
            exact=self.exact or any(embed.read.exact for embed in self.embeds.values()),
        )


class ObjectPlanner:
    """Builds shape nodes and reads for one plan.

    Attributes:
        shape: Nodes so far.
        computed: Computed fields, by stream.
        denials: The rights that the request does not have.
        denied: Errors of fields that are always one, by stream: denied, or an invalid argument.
        streams: Number of streams.
        root: Response key of the current root field.
        refusals: Errors of selections, by number.
        limits: Limits that the request gives embedded lists, by the id of the field.
        conditions: Number of conditions and order terms in their arguments.
    """

    def __init__(self, relations: Relations, arguments: ArgumentReader, denials: Denials) -> None:
        self._relations = relations
        self._schema = relations.schema
        self._arguments = arguments
        self.denials = denials
        self.denied: dict[int, Exception] = {}
        self.shape = ShapeBuilder()
        self.computed: dict[int, ComputedStep] = {}
        self.streams = 0
        self.root = ""
        self.refusals: list[GraphQLError] = []
        self._aside: dict[str, _Row] | None = None
        self._variants: dict[str, str] = {}
        self.limits: dict[int, Any] = {}
        self.conditions = 0

    def stream(self) -> int:
        """Return the number of a new stream."""
        self.streams += 1
        return self.streams - 1

    def value(
        self,
        type_: Any,
        selection: Selection | None,
        bound: BoundRelation | None,
        *,
        stored: bool = False,
    ) -> tuple[int, RelationRead | None]:
        """Return the node of a field's value, and its read of each row of ``bound``.

        ``stored`` is true for a value that is read from a column of type ``json``.
        """
        if is_non_null_type(type_):
            return self.value(type_.of_type, selection, bound, stored=stored)
        if is_list_type(type_):
            item, read = self.value(type_.of_type, selection, bound, stored=stored)
            nullable = not is_non_null_type(type_.of_type)
            return self.shape.add({"kind": "list", "item": item, "item_nullable": nullable}), read
        if is_leaf_type(type_):
            return self.shape.leaf(type_, stored=stored), None
        assert selection is not None  # noqa: S101 - validation checked
        row = self._row_aside(type_.name) if bound is None else None
        if bound is not None:
            row = _Row(bound)
        node = self._composite(type_, selection, row)
        return node, row.read() if row else None

    def _row_aside(self, type_name: str) -> _Row | None:
        """Return the row of a type's documents inside a Python function's result."""
        bound = self._relations.bound_relation(type_name)
        if self._aside is None or bound is None:
            return None
        return self._aside.setdefault(type_name, _Row(bound))

    def _composite(self, type_: GraphQLNamedType, selection: Selection, row: _Row | None) -> int:
        if not isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self._selected(type_.name, selection, row)
        definition: Any = self._schema.interfaces.get(type_.name) or self._schema.unions[type_.name]
        if row is not None:
            self._lift(row, definition.discriminator)
        cases = [
            [self._schema.objects[name].tag or name, self._selected(name, selection, row)]
            for name in selection.objects
        ]
        return self.shape.add(
            {
                "kind": "abstract",
                "type": type_.name,
                "discriminator": definition.discriminator,
                "cases": cases,
            }
        )

    @staticmethod
    def _lift(row: _Row, key: str) -> None:
        """Select the discriminator at the row's top level, wherever it is stored."""
        if own_column(row.bound.relation, row.bound.document, key) is not None:
            row.columns[key] = None
        elif row.bound.document is not None:
            row.keys[key] = row.bound.relation.columns[row.bound.document]

    def object_node(
        self,
        type_name: str,
        selection: Selection,
        entry: Callable[[SelectedField], dict[str, Any]],
    ) -> int:
        """Return the node of an object whose fields ``entry`` plans."""
        refusal = selection.refusals.get(type_name)
        if refusal is not None:
            return self._refused(type_name, refusal)
        entries = [entry(selected) for selected in selection.objects[type_name]]
        return self.shape.add({"kind": "object", "type": type_name, "fields": entries})

    def _selected(self, type_name: str, selection: Selection, row: _Row | None) -> int:
        refusal = selection.refusals.get(type_name) or self.denials.of_type(type_name)
        if refusal is None:
            return self._object(type_name, selection.objects[type_name], row)
        return self._refused(type_name, refusal)

    def _refused(self, type_name: str, refusal: GraphQLError) -> int:
        self.refusals.append(refusal)
        number = len(self.refusals) - 1
        return self.shape.add({"kind": "refused", "type": type_name, "number": number})

    def _object(self, type_name: str, fields: tuple[SelectedField, ...], row: _Row | None) -> int:
        row = row or self._row_aside(type_name)
        entries = [self._field(type_name, selected, row) for selected in fields]
        node: dict[str, Any] = {"kind": "object", "type": type_name, "fields": entries}
        if any(entry["source"].get("document") for entry in entries):
            node["document"] = DOCUMENT_KEY
        return self.shape.add(node)

    def _field(self, type_name: str, selected: SelectedField, row: _Row | None) -> dict[str, Any]:
        if selected.field is None:
            return {"id": selected.id, "key": selected.key, "source": {"typename": True}}
        denial = self.denials.of_field(type_name, selected.name)
        if denial is not None:
            return self.failed(selected, denial)
        definition = self._schema.fields[type_name][selected.name]
        if definition.computed is not None:
            return self._computed(type_name, selected, definition, row)
        if row is not None and definition.embed is not None:
            return self._embedded(type_name, selected, definition, row)
        is_connection = definition.embed is not None and definition.embed.connection
        if is_connection or (definition.generated and selected.nodes[0].arguments):
            return self.failed(selected, unread(type_name, selected))
        source: dict[str, Any] = {"name": definition.name}
        stored = False
        if row is not None:
            column, inside = self._store(type_name, definition, row)
            stored = column.base_type == "json"
            if inside:
                source["document"] = True
        node, _ = self.value(selected.field.type, selected.selection, None, stored=stored)
        return _entry(selected, source, node)

    def failed(self, selected: SelectedField, denial: Exception) -> dict[str, Any]:
        """Plan a field that is always an error; nothing is read for it."""
        stream = self.stream()
        self.denied[stream] = denial
        return _entry(selected, {"stream": stream}, self.shape.any())

    def _store(self, type_name: str, definition: FieldDefinition, row: _Row) -> tuple[Column, bool]:
        """Select a stored field; return its column, and whether it is in a document."""
        bound = row.bound
        column, inside = stored_column(
            bound.relation,
            bound.document,
            definition,
            wanted_by=f"{type_name}.{definition.name}",
        )
        if definition.column is not None:
            row.renamed[definition.name] = column.name
        elif not inside:
            row.columns[column.name] = None
        elif definition.name == bound.document:
            row.keys[definition.name] = column
            return column, False
        else:
            row.document = column
        return column, inside

    def _embedded(
        self, type_name: str, selected: SelectedField, definition: FieldDefinition, row: _Row
    ) -> dict[str, Any]:
        assert definition.embed is not None and selected.field is not None  # noqa: S101, PT018
        if definition.embed.connection:
            return self._connected(type_name, selected, definition, row)
        named = get_named_type(selected.field.type).name
        inner = self._relations.embedded_relation(definition.embed, named)
        maximum = definition.embed.most(self._relations.max_embed_items)
        arguments = self._list_arguments(type_name, selected, (named, inner), maximum)
        if isinstance(arguments, Exception):
            return self.failed(selected, arguments)
        node, read = self.value(selected.field.type, selected.selection, inner)
        assert read is not None  # noqa: S101 - an embed is an object or a list of objects
        if definition.embed.on and definition.embed.limit is None:
            self.shape.bound(node, maximum)
        embedded = self._relations.embedded(definition, row.bound, named, read, owner=type_name)
        if not arguments.plain:
            embedded = self._variant(embedded, arguments, definition.embed.limit)
            self.limits[selected.id] = arguments.limit
        previous = row.embeds.get(embedded.key)
        if previous is not None:
            embedded = replace(embedded, read=merged(previous.read, read))
        row.embeds[embedded.key] = embedded
        entry = _entry(selected, {"name": embedded.key}, node)
        # Only a row that was read for this list has the key: another value is an error, not null.
        return entry if arguments.plain else {**entry, "nullable": False}

    def _connected(
        self, type_name: str, selected: SelectedField, definition: FieldDefinition, row: _Row
    ) -> dict[str, Any]:
        place = EmbedPlace(type_name, selected, definition, row.bound)
        tools = (self._relations, self._arguments, self.denials)
        try:
            planned = plan_embedded_connection(self, *tools, place)
        except (GraphQLError, InputError) as error:
            return self.failed(selected, field_error(error))
        key = self._variants.setdefault(
            f"connection {selected.id}", f"{DOCUMENT_KEY}{len(self._variants) + 1}"
        )
        row.embeds[key] = replace(planned.embedded, key=key)
        self.conditions += planned.conditions
        self.limits |= planned.limits
        return {**_entry(selected, {"name": key}, planned.node), "nullable": False}

    def _list_arguments(
        self, type_name: str, selected: SelectedField, rows: tuple[str, BoundRelation], maximum: int
    ) -> ListArguments | Exception:
        """Return the arguments of an embedded list, or the error of its field."""
        try:
            denial = self.denials.of_arguments(type_name, selected, self._arguments)
            if denial is not None:
                return denial
            return read_list_arguments(selected, self._arguments, self._relations, rows, maximum)
        except (GraphQLError, InputError) as error:
            return field_error(error)

    def _variant(
        self, embedded: Embedded, arguments: ListArguments, declared: int | None
    ) -> Embedded:
        """Return how a list with arguments is read; equal arguments have the same key."""
        self.conditions += arguments.conditions
        # No field and no column that is read under its own name starts with this character.
        place = repr((embedded.read.relation.sql, embedded.name, embedded.join, arguments))
        key = self._variants.setdefault(place, f"{DOCUMENT_KEY}{len(self._variants) + 1}")
        return replace(
            embedded,
            key=key,
            where=arguments.where,
            order=embedded.order if arguments.order is None else arguments.order,
            limit=embedded.limit if arguments.limit is None else arguments.limit,
            offset=arguments.offset,
            is_part=is_part(arguments, embedded.order, declared),
        )

    def _computed(
        self,
        type_name: str,
        selected: SelectedField,
        definition: FieldDefinition,
        row: _Row | None,
    ) -> dict[str, Any]:
        assert definition.computed is not None and selected.field is not None  # noqa: S101, PT018
        needs = definition.computed.needs
        if needs is None:
            needs = self._stored_leaves(type_name)
        for name in needs if row is not None else ():
            self._need(type_name, name, row)
        stream = self.stream()
        node, plan = self.python_field(selected, type_name)
        self.computed[stream] = ComputedStep(stream, type_name, definition, needs, plan)
        return _entry(selected, {"stream": stream}, node)

    def _need(self, type_name: str, name: str, row: _Row | None) -> None:
        definitions = self._schema.fields[type_name].values()
        definition = next(field for field in definitions if field.name == name)
        if row is None:
            return
        if definition.embed is None:
            self._store(type_name, definition, row)
        else:
            row.exact = True

    def _stored_leaves(self, type_name: str) -> tuple[str, ...]:
        object_: Any = self._schema.graphql.type_map[type_name]
        return tuple(
            [
                field.name
                for name, field in self._schema.fields[type_name].items()
                if field.computed is None
                and field.embed is None
                and is_leaf_type(get_named_type(object_.fields[name].type))
            ]
        )

    def python_field(self, selected: SelectedField, parent: str) -> tuple[int, FieldPlan]:
        """Return the node and plan of a field of ``parent`` that a Python function answers."""
        assert selected.field is not None  # noqa: S101 - __typename is planned before
        named = get_named_type(selected.field.type)
        bound = self._relations.bound_relation(named.name)
        outer, self._aside = self._aside, {}
        node, read = self.value(selected.field.type, selected.selection, bound)
        aside = {name: row.read() for name, row in self._aside.items()}
        self._aside = outer
        arguments, refusal = self._sources(selected, parent)
        names = self._names(selected.selection)
        plan = FieldPlan(selected, named.name, names, read, aside, arguments, self.root, refusal)
        return node, plan

    def _sources(
        self, selected: SelectedField, parent: str
    ) -> tuple[Mapping[str, Any], GraphQLError | None]:
        """Return the sources of the field's arguments, or the error."""
        assert selected.field is not None  # noqa: S101 - the caller checked
        try:
            arguments = self._arguments.for_python(selected.field, selected.nodes[0])
            return arguments, self.denials.of_arguments(parent, selected, self._arguments)
        except GraphQLError as error:
            return {}, input_error(error)

    def _names(self, selection: Selection | None) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for type_name, fields in selection.objects.items() if selection else ():
            for selected in fields:
                if selected.field is not None and not self.denials.of_field(
                    type_name, selected.name
                ):
                    names[self._schema.fields[type_name][selected.name].name] = None
        return tuple(names)


def _entry(selected: SelectedField, source: Mapping[str, Any], node: int) -> dict[str, Any]:
    assert selected.field is not None  # noqa: S101 - the caller checked
    nullable = not is_non_null_type(selected.field.type)
    return field_node(selected.id, selected.key, dict(source), node, nullable=nullable)
