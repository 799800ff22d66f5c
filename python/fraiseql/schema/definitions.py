"""Declarations as plain frozen data, not yet resolved against a database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fraiseql.schema.cache import Cache
from fraiseql.schema.filter_options import Filter
from fraiseql.schema.indexes import IndexDeclaration
from fraiseql.schema.requirements import Requires
from fraiseql.schema.storage import Storage
from fraiseql.schema.writes import Writes

ATTRIBUTE: Final = "__fraiseql__"
"""Name of the attribute that decorators set on a class or function."""

MISSING: Final[Any] = type(
    "Missing", (), {"__repr__": lambda _: "MISSING", "__bool__": lambda _: False}
)()
"""Means "left out", where None means null."""


@dataclass(frozen=True, slots=True)
class EmbedDefinition:
    """A list or object that is read from another relation.

    Attributes:
        relation: The child table of a list, the parent table of an object.
        on: Column of the child that holds the parent's key (list embeds).
        via: Own column that holds the other row's key (object embeds).
        where: SQL predicate over the child's columns, written by the developer.
        order_by: Columns, ``-`` in front for descending.
        limit: Most items of the list; further rows are left out.
        max_items: Most items of a list without a limit; more are an error.
        parent_key: Column of the own row that ``on`` points to; the own key when None.
        target_key: Column of the other row that ``via`` points to; its key when None.
        requirement: The right that a request needs; no part of what is stored.
        connection: Whether the list is a connection, which no document stores.
    """

    relation: str
    on: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    where: str | None = None
    order_by: tuple[str, ...] = ()
    limit: int | None = None
    max_items: int | None = None
    parent_key: tuple[str, ...] = ()
    target_key: tuple[str, ...] = ()
    requirement: Requires | None = field(default=None, compare=False, repr=False)
    connection: bool = field(default=False, repr=False)

    def most(self, usual: int) -> int:
        """Return the most items of the list; ``usual`` if it has no own limit."""
        return self.limit or self.max_items or usual


@dataclass(frozen=True, slots=True)
class ArgumentDefinition:
    """An argument of a query or computed field, with its Python and GraphQL name."""

    name: str
    graphql_name: str
    annotation: Any
    default: Any = MISSING
    description: str | None = None
    requirement: Requires | None = None


@dataclass(frozen=True, slots=True)
class ComputedField:
    """A field computed by Python.

    Attributes:
        function: ``(self, info, **arguments)``; with ``batch``, ``(parents, info, **arguments)``.
        needs: Fields of the parent that the function reads; None means all stored scalars.
        batch: Whether the function takes all parents at once and returns a list of the same length.
        takes_info: Whether the function has an ``info`` parameter.
        arguments: GraphQL arguments, without ``self`` and ``info``.
        all_times: Whether the function takes dates and times that Python does not have, as text.
    """

    function: Callable[..., Any]
    needs: tuple[str, ...] | None = None
    batch: bool = False
    takes_info: bool = True
    arguments: tuple[ArgumentDefinition, ...] = ()
    all_times: bool = False


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """One field of an object or interface: at most one of ``embed`` and ``computed`` is set.

    ``column`` is the relation's column that a stored field is read from; None for the same name.
    The trace stores no value of a ``private`` field. ``generated`` are the arguments of a list that
    is read from another relation. ``filter`` says which operators compare the field; None for all.
    """

    name: str
    graphql_name: str
    annotation: Any
    description: str | None = None
    deprecation: str | None = None
    embed: EmbedDefinition | None = None
    computed: ComputedField | None = None
    default: Any = MISSING
    column: str | None = None
    private: bool = False
    requirement: Requires | None = None
    generated: tuple[ArgumentDefinition, ...] = ()
    filter: Filter | None = None

    @property
    def arguments(self) -> tuple[ArgumentDefinition, ...]:
        """The GraphQL arguments."""
        return self.computed.arguments if self.computed else self.generated


@dataclass(frozen=True, slots=True, eq=False)
class ObjectDefinition:
    """``@fraiseql.type``.

    Attributes:
        sql_source: Relation that answers root fields of this type; None for embedded-only types.
        jsonb_column: Column that holds the document, if the relation has one.
        key: Columns that identify a row; empty means "as the catalog says".
        tag: Value of the discriminator for this type; its name when None.
        interfaces: Classes declared with ``@fraiseql.interface`` that this class derives from.
        stored: Strategy; None is the live view.
        indexes: Declared indexes.
        writes: The generated mutations.
        requirement: The right that a request needs for fields of this type.
    """

    python_class: type
    name: str
    fields: Mapping[str, FieldDefinition]
    description: str | None = None
    sql_source: str | None = None
    jsonb_column: str | None = None
    key: tuple[str, ...] = ()
    tag: str | None = None
    interfaces: tuple[type, ...] = ()
    stored: Storage | None = None
    indexes: tuple[IndexDeclaration, ...] = ()
    writes: Writes | None = None
    requirement: Requires | None = None


@dataclass(frozen=True, slots=True, eq=False)
class InterfaceDefinition:
    """``@fraiseql.interface``; ``discriminator`` is the document key that holds the type.

    ``sql_source`` and ``jsonb_column`` are as for objects: a relation whose documents are of
    different types. ``separate``: no rows are shared by its types.
    """

    python_class: type
    name: str
    fields: Mapping[str, FieldDefinition]
    description: str | None = None
    discriminator: str = "__typename"
    sql_source: str | None = None
    jsonb_column: str | None = None
    key: tuple[str, ...] = ()
    interfaces: tuple[type, ...] = ()
    requirement: Requires | None = None
    separate: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class UnionDefinition:
    """``Pet = fraiseql.union("Pet", [Dog, Cat])``."""

    name: str
    members: tuple[type, ...]
    description: str | None = None
    discriminator: str = "__typename"
    sql_source: str | None = None
    jsonb_column: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EnumDefinition:
    """``@fraiseql.enum``: documents hold a member's value, GraphQL shows its name."""

    python_class: type
    name: str
    description: str | None = None
    descriptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class InputDefinition:
    """``@fraiseql.input``: resolvers receive an instance of the class."""

    python_class: type
    name: str
    fields: Mapping[str, ArgumentDefinition]
    description: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScalarDefinition:
    """``@fraiseql.scalar``.

    Attributes:
        form: JSON form that a document holds: ``string``, ``number``, ``integer``, ``boolean`` or
            ``any``.
        parse: Turns a client's JSON value into the value that resolvers and SQL receive.
        serialize: Turns a Python value of a resolver into a JSON value; None passes it through.
    """

    python_class: Any
    name: str
    form: str = "any"
    description: str | None = None
    specified_by_url: str | None = None
    parse: Callable[[Any], Any] | None = None
    serialize: Callable[[Any], Any] | None = None


QUERY: Final = "Query"
MUTATION: Final = "Mutation"


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How the transaction of a mutation runs.

    Attributes:
        isolation: Isolation level in SQL; None for the default of the database.
        retry: Whether it runs again after a conflict with another transaction.
        union: Whether errors of the client are data, in a union with the returned type.
    """

    isolation: str | None = None
    retry: bool = False
    union: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class NodeTypes:
    """Types whose objects have a global id.

    Attributes:
        types: Their classes.
        interface: Class of the interface that they implement.
        graphql_name: Name of the field with the id.
        max_ids: Most ids of one field.
    """

    types: tuple[type, ...]
    interface: type
    graphql_name: str
    max_ids: int


@dataclass(frozen=True, slots=True, eq=False)
class QueryDefinition:
    """A field of the root type of queries, or of that of mutations.

    ``function`` is a Python resolver; without it the field is answered by SQL alone:
    ``by`` holds the equality arguments, ``keys`` the unique keys of which the request gives one,
    ``many`` is true for a list, which takes ``where``, ``order_by``, ``limit`` and ``offset``. The
    declared ``where`` is added to the client's filter. ``cache`` is None where answers are not
    cached. ``paged``: the list is the items of a page; ``connected``: it is the nodes of a
    connection; ``aggregated``: it is aggregated by groups. ``aggregates``: the type of the
    connection has aggregates of all its rows. ``write`` is set for a mutation.
    ``nodes`` is set for a field that answers objects by their global ids.
    """

    name: str
    graphql_name: str
    annotation: Any
    arguments: tuple[ArgumentDefinition, ...] = ()
    description: str | None = None
    deprecation: str | None = None
    function: Callable[..., Any] | None = None
    takes_info: bool = True
    by: tuple[str, ...] = ()
    many: bool = False
    order_by: tuple[str, ...] = ()
    default_limit: int | None = None
    max_limit: int | None = None
    cache: Cache | None = None
    where: Mapping[str, Any] | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    requirement: Requires | None = None
    paged: bool = False
    write: WriteOptions | None = None
    connected: bool = False
    aggregated: bool = False
    aggregates: bool = False
    nodes: NodeTypes | None = None

    @property
    def root(self) -> str:
        """Name of the root type that has the field."""
        return QUERY if self.write is None else MUTATION

    @property
    def label(self) -> str:
        """The call that declares it, for messages."""
        function = "find" if self.many else "find_one"
        function = "page" if self.paged else "connection" if self.connected else function
        function = "aggregate" if self.aggregated else function
        return f"{function}({self.name!r})"
