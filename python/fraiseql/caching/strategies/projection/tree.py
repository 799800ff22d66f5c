"""Tree: a spec's relations as numbered nodes, and the names that generated SQL uses for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from fraiseql.caching.strategies.projection.spec import (
    BaseTable,
    EmbedSpec,
    Join,
    ProjectionSpec,
    Qualified,
)
from fraiseql.catalog.picture import quote

SCHEMA = "fraiseql"
FLUSH = f"{SCHEMA}.flush"
"""Table whose deferred trigger flushes, and name of the constraint for SET CONSTRAINTS."""

BY_INDEX = "SET enable_seqscan = off"
"""A session plans its flush once, when the queues are all but empty: it would go on reading them
from end to end when others' dead rows fill them between two vacuums."""


OWN_NAMES = "#variable_conflict use_column\n<<fql>>"
"""Begins the body of a function: its variables are ``fql.x``, which no column can be taken for, and
a name alone is a column."""


@dataclass(frozen=True, slots=True)
class Node:
    """One place in the tree; number 0 is the root, which has no edge above it.

    Attributes:
        number: In pre-order.
        path: Dotted names of the embeds from the root; empty for the root.
        table: The relation that is read there.
        columns: What the documents read of it.
        parent: Number of the node above; None for the root.
        join: Pairs of columns of the edge to the parent.
        many: Whether this node's rows hold the reference.
    """

    number: int
    path: str
    table: BaseTable
    columns: tuple[str, ...]
    parent: int | None = None
    join: tuple[Join, ...] = ()
    many: bool = True

    @property
    def types(self) -> tuple[str, ...]:
        """Types of the values that an edge is looked up by; of the key, for the root."""
        if self.parent is None:
            return tuple(column.type for column in self.table.key)
        return tuple(pair.type for pair in self.join)

    @property
    def inner(self) -> tuple[str, ...]:
        """Columns of this node that lead up: those of the edge, or the root's key."""
        if self.parent is None:
            return tuple(column.name for column in self.table.key)
        return tuple(pair.inner for pair in self.join)

    @property
    def outer(self) -> tuple[str, ...]:
        """Columns of the parent that this edge hangs on."""
        return tuple(pair.outer for pair in self.join)

    @property
    def changed_keys(self) -> tuple[str, ...]:
        """Queue columns of groups of this edge whose rows changed; of keys, for the root."""
        return tuple(f"b{self.number}_{position}" for position in range(len(self.types)))

    @property
    def new_refs(self) -> tuple[str, ...]:
        """Queue columns of groups of this edge that a row of the parent newly hangs on."""
        return tuple(f"a{self.number}_{position}" for position in range(len(self.types)))


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of a spec, root first."""

    spec: ProjectionSpec
    nodes: tuple[Node, ...]

    @classmethod
    def of(cls, spec: ProjectionSpec) -> "Tree":
        """Number the places of the spec."""
        nodes = [Node(0, "", spec.root, spec.columns)]
        _number(spec.embeds, nodes, 0, "")
        return cls(spec, tuple(nodes))

    @property
    def root(self) -> Node:
        """The node of the documents' own rows."""
        return self.nodes[0]

    def keyed_by_root(self, node: Node) -> bool:
        """Tell whether an edge's groups are documents: its rows name the root by its key.

        Such an edge needs no lock of its own: who changes a group names the document whether or not
        its root can be seen, and meets every other such transaction at the document's lock.
        """
        return node.parent == 0 and set(node.outer) == set(self.root.inner)

    @property
    def bottom_up(self) -> tuple[Node, ...]:
        """Edges, each after all that are below it: the order in which locks are taken."""
        return tuple(reversed(self.nodes[1:]))

    def locked(self, node: Node) -> tuple[Node, ...]:
        """The edges that hang on a node and have locks."""
        below = (each for each in self.nodes if each.parent == node.number)
        return tuple(each for each in below if not self.keyed_by_root(each))

    def queued(self) -> tuple[tuple[str, str], ...]:
        """Every column that the queue has for keys, with its type."""
        held: list[tuple[str, str]] = []
        for node in self.nodes:
            held += zip(node.changed_keys, node.types, strict=True)
            if node.parent is not None and not self.keyed_by_root(node):
                held += zip(node.new_refs, node.types, strict=True)
        return tuple(held)

    def tables(self) -> Iterator[tuple[int, BaseTable, tuple[Node, ...]]]:
        """Each base table once, numbered, with all its places."""
        names = list(dict.fromkeys(node.table.name for node in self.nodes))
        for number, name in enumerate(names):
            places = tuple(node for node in self.nodes if node.table.name == name)
            yield number, places[0].table, places

    def own(self, part: str) -> Qualified:
        """Name of an object of the framework for this projection."""
        return Qualified(SCHEMA, f"{self.spec.name}_{part}")

    def trigger(self, part: str) -> str:
        """Name of a trigger of the framework for this projection, on any table."""
        return f"fql_{self.spec.name}_{part}"

    def seed(self, node: Node) -> int:
        """Number that an edge's locks start from; the root's is for documents not yet there."""
        digest = sha256(f"{self.spec.table.sql}\0{node.path}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)


def columns(alias: str, names: tuple[str, ...]) -> str:
    """Write columns of a table as a list."""
    return ", ".join(f"{alias}.{quote(name)}" for name in names)


def _number(embeds: tuple[EmbedSpec, ...], nodes: list[Node], parent: int, path: str) -> None:
    for edge in embeds:
        number = len(nodes)
        name = f"{path}.{edge.name}" if path else edge.name
        nodes.append(Node(number, name, edge.table, edge.columns, parent, edge.join, edge.many))
        _number(edge.embeds, nodes, number, name)
