"""Access to stored fields: columns, and types of comparisons."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLNamedType,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from fraiseql.catalog import Column, Relation
from fraiseql.errors import SourceError
from fraiseql.naming import suggestion
from fraiseql.schema import Filter, Schema, leaf_form
from fraiseql.schema.definitions import FieldDefinition
from fraiseql.sources import NO_INDEXES, IndexHints
from fraiseql.values import as_wire, plain, text_value

_COLUMN_FORMS: Mapping[str, str] = {
    **dict.fromkeys(("int2", "int4", "int8"), "integer"),
    **dict.fromkeys(("numeric", "float4", "float8"), "number"),
    "bool": "boolean",
    **dict.fromkeys(("json", "jsonb"), "any"),
}
_JSON_WIRES: Mapping[str, str] = {
    **dict.fromkeys(("Int", "number", "integer"), "numeric"),
    "Float": "float8",
    **dict.fromkeys(("Boolean", "boolean"), "bool"),
}
_JSON_SCALARS: Mapping[str, str] = {
    "DateTime": "timestamptz",
    "Date": "date",
    "Time": "time",
    "UUID": "uuid",
}
_INTEGERS: Final = frozenset({"int2", "int4", "int8"})
_NUMBERS: Final = frozenset({*_INTEGERS, "float4", "float8", "numeric"})
_NAMED: Final = frozenset({"uuid", "timestamptz", "timestamp", "date", "time"})
_NUMBER_FORMS: Final = frozenset({"Int", "Float", "number", "integer"})
_TRUTHS: Final = frozenset({"Boolean", "boolean"})
_MOMENTS: Mapping[str, frozenset[str]] = {
    "DateTime": frozenset({"timestamptz", "timestamp", "date"}),
    "Date": frozenset({"timestamptz", "timestamp", "date"}),
    "Time": frozenset({"time", "timetz"}),
    "UUID": frozenset({"uuid"}),
}
"""Scalars that are JSON strings, and the column types that need no conversion to compare."""

_RANGED: Final = ("int4", "int8", "num", "date", "ts", "tstz")
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "range": frozenset([f"{of}{kind}" for of in _RANGED for kind in ("range", "multirange")]),
    "inet": frozenset({"inet", "cidr"}),
    "ltree": frozenset({"ltree"}),
}
"""Types of columns that have the operators of a kind."""

TEXTS: Final = frozenset({"text", "varchar", "name"})
SESSION_WIRES: Final = frozenset({"timestamptz", "date", "time"})
"""Types whose cast from text depends on settings of the session: they cannot be indexed."""

_PRECISION: Final = re.compile(r"numeric\(([0-9]+),.*\)")
_DOUBLE_DIGITS: Final = 15
"""Digits that a double preserves."""

OPAQUE: Final = "opaque"
"""Form of a column whose values PostgreSQL does not compare."""


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """The column and type of a stored field.

    Attributes:
        name: Python name of the field or name of the column.
        column: The relation's own column, or the document column that holds the key ``name``.
        in_document: Whether the value is in the document ``column``, under the key ``name``.
        form: Form of the leaf, as in shapes; ``array`` for an array of PostgreSQL, ``list`` for one
            that is a declared list of leaves, ``json`` for JSON with operators.
        type_name: GraphQL type of the leaf; empty for a column that is not declared.
        labels: Values of an enum, as texts.
        constants: Constants that predicates of indexes compare it with for equality.
        bounds: Operator and constant of other comparisons in predicates of indexes.
        contained: Whether a GIN index can find equal values by containment.
        filter: The field's own operators.
    """

    name: str
    column: Column
    in_document: bool
    form: str
    type_name: str = ""
    labels: tuple[str, ...] = ()
    constants: tuple[Any, ...] = ()
    bounds: tuple[tuple[str, Any], ...] = ()
    contained: bool = False
    filter: Filter | None = None

    @property
    def ordered(self) -> bool:
        """Whether the values have an order."""
        return self.in_document or self.column.order == "btree"


def own_column(relation: Relation, document: str | None, name: str) -> Column | None:
    """Return the column of the field ``name``, or None.

    The document column is not a field: a field with its name is a key of the document.
    """
    return relation.columns.get(name) if name != document else None


def column_access(column: Column) -> FieldAccess:
    """Return the access to an undeclared column."""
    # PostgreSQL's own names of array types begin with an underscore.
    other = "array" if column.base_type.startswith("_") else "string"
    form = _COLUMN_FORMS.get(column.base_type, other)
    return FieldAccess(column.name, column, False, _comparable(column, form))


def _comparable(column: Column, form: str) -> str:
    """Return the form of a column, or ``opaque`` when PostgreSQL does not compare its type."""
    if form == "any" or column.order:
        return "array" if column.base_type.startswith("_") and form != "any" else form
    return OPAQUE


def stored_column(
    relation: Relation, document: str | None, field: FieldDefinition, *, wanted_by: str
) -> tuple[Column, bool]:
    """Return the column of a stored field, and whether the field is a key of its document.

    Raises:
        SourceError: The relation has neither a column with its name nor a document column; or its
            named column does not exist.
    """
    name = field.name
    if field.column is not None:
        return _named_column(relation, field.column, wanted_by), False
    column = own_column(relation, document, name)
    if column is not None:
        return column, False
    if document is not None:
        return relation.columns[document], True
    raise SourceError(
        f"{wanted_by} has no column in {relation.schema}.{relation.name}."
        f"{suggestion(name, relation.columns)}",
        hint=f"Add the column {name!r}, name a jsonb_column that holds it, or remove the field.",
    )


def _named_column(relation: Relation, name: str, wanted_by: str) -> Column:
    column = relation.columns.get(name)
    if column is not None:
        return column
    raise SourceError(
        f"{wanted_by} has column={name!r}, no column of {relation.schema}.{relation.name}."
        f"{suggestion(name, relation.columns)}",
        hint="Name a column of the relation; keys of a document have the names of their fields.",
    )


def find_accesses(
    schema: Schema,
    type_name: str,
    relation: Relation,
    document: str | None,
    indexes: IndexHints = NO_INDEXES,
) -> Mapping[str, FieldAccess]:
    """Return every name that may be compared or ordered by: stored leaves and columns.

    Raises:
        SourceError: A field has neither a column nor a document.
    """
    accesses = {column.name: column_access(column) for column in relation.columns.values()}
    for access in _leaves(schema, type_name, relation, document):
        accesses[access.name] = access
    if indexes is NO_INDEXES:
        return accesses
    return {name: _indexed(access, indexes) for name, access in accesses.items()}


def _leaves(
    schema: Schema, type_name: str, relation: Relation, document: str | None
) -> Iterator[FieldAccess]:
    for graphql_name, field in schema.fields.get(type_name, {}).items():
        if field.embed or field.computed:
            continue
        items = _items(schema, type_name, graphql_name)
        if items is not None:
            yield from _array(field, items, relation, document, f"{type_name}.{field.name}")
        leaf = _leaf(schema, type_name, graphql_name)
        if leaf is not None:
            wanted_by = f"{type_name}.{field.name}"
            column, inside = stored_column(relation, document, field, wanted_by=wanted_by)
            _check_kind(field, column, wanted_by, inside=inside)
            form = _form(leaf) if inside else _comparable(column, _form(leaf))
            # Only jsonb has operators.
            form = "json" if form == "any" and column.base_type == "jsonb" else form
            yield FieldAccess(
                field.name, column, inside, form, leaf.name, _labels(leaf), filter=field.filter
            )


def _check_kind(field: FieldDefinition, column: Column, wanted_by: str, *, inside: bool) -> None:
    """Refuse operators of a kind of columns for a column of another type."""
    kind = None if field.filter is None else field.filter.column
    if kind is not None and (inside or column.base_type not in _KINDS[kind]):
        held = "a key of a document" if inside else column.type_name
        raise SourceError(
            f"{wanted_by} has filter=Filter(column={kind!r}), but is {held}.",
            hint=f"Such columns are {', '.join(sorted(_KINDS[kind]))}.",
        )


def _array(
    field: FieldDefinition,
    items: GraphQLNamedType,
    relation: Relation,
    document: str | None,
    wanted_by: str,
) -> Iterator[FieldAccess]:
    """Yield the access to a list of leaves that is an array in a column."""
    column, inside = stored_column(relation, document, field, wanted_by=wanted_by)
    if not inside and column.base_type.startswith("_") and column.order:
        yield FieldAccess(field.name, column, inside, "list", items.name, _labels(items))


def _items(schema: Schema, type_name: str, graphql_name: str) -> GraphQLNamedType | None:
    """Return the leaf of a field that is a list of leaves, or None."""
    type_: Any = schema.graphql.type_map[type_name].fields[graphql_name].type  # type: ignore[attr-defined]
    bare = type_.of_type if is_non_null_type(type_) else type_
    item = bare.of_type if is_list_type(bare) else None
    item = item.of_type if is_non_null_type(item) else item
    named: GraphQLNamedType | None = item if is_leaf_type(item) else None
    return None if named is None or _form(named) == "any" else named


def _leaf(schema: Schema, type_name: str, graphql_name: str) -> GraphQLNamedType | None:
    type_: Any = schema.graphql.type_map[type_name].fields[graphql_name].type  # type: ignore[attr-defined]
    bare = type_.of_type if is_non_null_type(type_) else type_
    leaf: GraphQLNamedType | None = bare if is_leaf_type(bare) else None
    return leaf


def _form(leaf: GraphQLNamedType) -> str:
    # Enums are compared by their stored text.
    return "enum" if isinstance(leaf, GraphQLEnumType) else leaf_form(leaf)


def _labels(leaf: GraphQLNamedType) -> tuple[str, ...]:
    if not isinstance(leaf, GraphQLEnumType):
        return ()
    return tuple([text_value(plain(entry.value)) for entry in leaf.values.values()])


def _indexed(access: FieldAccess, indexes: IndexHints) -> FieldAccess:
    """Return an access with the comparisons of indexes that have its type."""
    constants = [value for name, value in indexes.constants if name == access.name]
    bounds = [(sign, value) for name, sign, value in indexes.bounds if name == access.name]
    inside = access.in_document and access.column.name in indexes.contained
    return replace(
        access,
        constants=tuple([value for value in constants if _fits(access, value)]),
        bounds=tuple(sorted([bound for bound in bounds if _fits(access, bound[1])], key=repr)),
        contained=inside and may_be_contained(access),
    )


def _fits(access: FieldAccess, value: Any) -> bool:
    """Whether a constant has the type that values are compared in.

    Another type over the same table may have declared it, with another type for the same name.
    """
    try:
        return type(as_wire(wire_type(access), value)) is type(value)
    except (ValueError, TypeError, ArithmeticError):
        return False


def may_be_contained(access: FieldAccess) -> bool:
    """Whether equal values of a key have few forms in a document."""
    return wire_type(access) == "text" or access.form in ("Int", "integer", "Boolean", "boolean")


def as_json(access: FieldAccess) -> bool:
    """Whether a value is compared as JSON: a key, or a column of another type than its field."""
    if access.in_document:
        return True
    base, form = access.column.base_type, access.form
    if base == "jsonb":
        return form not in ("any", "json")
    if access.type_name in _MOMENTS:
        return base not in _MOMENTS[access.type_name]
    if form in _NUMBER_FORMS:
        return base not in _NUMBERS
    return form in _TRUTHS and base != "bool"


def is_rounded(access: FieldAccess) -> bool:
    """Whether clients read rounded numbers: the column has more digits than a double."""
    if as_json(access) or access.form != "Float":
        return False
    base = access.column.base_type
    precision = _PRECISION.fullmatch(access.column.type_name)
    exact = precision is not None and int(precision[1]) <= _DOUBLE_DIGITS
    return base == "int8" or (base == "numeric" and not exact)


def wire_type(access: FieldAccess) -> str:
    """Return the type that values compared with ``access`` are sent as.

    ``column`` is a text that PostgreSQL casts to the column's own type.
    """
    if as_json(access):
        wire = _JSON_WIRES.get(access.form, "text")
        return _JSON_SCALARS.get(access.type_name) or wire
    base, form = access.column.base_type, access.form
    if base in _NUMBERS:
        return _number_wire(access)
    if base == "date" and access.type_name == "DateTime":
        return "timestamptz"
    if base in _NAMED or (base == "bool" and form in _TRUTHS):
        return base
    return "text" if base in TEXTS or not access.column.base_sql else "column"


def _number_wire(access: FieldAccess) -> str:
    base, form = access.column.base_type, access.form
    if base in _INTEGERS:
        # A fraction that is compared with an integer column must not be truncated.
        return "numeric" if form in ("Float", "number") else "int8"
    # Texts may be NaN or Infinity, which only PostgreSQL parses.
    return base if form in _NUMBER_FORMS or not access.type_name else "column"
