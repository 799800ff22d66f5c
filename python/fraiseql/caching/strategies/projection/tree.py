"""A projection's relations as numbered nodes, with their names in generated SQL."""

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
"""Table whose deferred trigger flushes, and the constraint's name for SET CONSTRAINTS."""

BY_INDEX = "SET enable_seqscan = off"
"""A session plans its flush once, when the queues are almost empty. Without this it would go on
scanning them sequentially when dead rows of other sessions fill them between two vacuums."""


OWN_NAMES = "#variable_conflict use_column\n<<fql>>"
"""Begins the body of a function: variables are written ``fql.x``, and a bare name is a column, so
that neither can be mistaken for the other."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree; number 0 is the root, which has no edge above it.

    Attributes:
        number: In pre-order.
        path: Dotted names of the embeds from the root; empty for the root.
        table: The relation that is read here.
        columns: Columns of it that the documents read.
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
        """Types of the join columns of an edge; of the key, for the root."""
        if self.parent is None:
            return tuple(column.type for column in self.table.key)
        return tuple(pair.type for pair in self.join)

    @property
    def inner(self) -> tuple[str, ...]:
        """Join columns on this node's side of the edge; the key, for the root."""
        if self.parent is None:
            return tuple(column.name for column in self.table.key)
        return tuple(pair.inner for pair in self.join)

    @property
    def outer(self) -> tuple[str, ...]:
        """Join columns on the parent's side of the edge."""
        return tuple(pair.outer for pair in self.join)

    @property
    def changed_keys(self) -> tuple[str, ...]:
        """Queue columns for the join values whose rows changed; for keys, at the root."""
        return tuple(f"b{self.number}_{position}" for position in range(len(self.types)))

    @property
    def new_refs(self) -> tuple[str, ...]:
        """Queue columns for the join values that rows of the parent newly refer to."""
        return tuple(f"a{self.number}_{position}" for position in range(len(self.types)))


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of a spec, root first."""

    spec: ProjectionSpec
    nodes: tuple[Node, ...]

    @classmethod
    def of(cls, spec: ProjectionSpec) -> "Tree":
        """Return the tree of a spec."""
        nodes = [Node(0, "", spec.root, spec.columns)]
        _number(spec.embeds, nodes, 0, "")
        return cls(spec, tuple(nodes))

    @property
    def root(self) -> Node:
        """The node of the documents' own rows."""
        return self.nodes[0]

    def keyed_by_root(self, node: Node) -> bool:
        """Return whether the rows of an edge refer to the root by its key.

        Such an edge needs no lock of its own: a change of its rows names the document even if the
        root row is not visible, so that concurrent changes meet at the document's lock.
        """
        return node.parent == 0 and set(node.outer) == set(self.root.inner)

    @property
    def bottom_up(self) -> tuple[Node, ...]:
        """Edges, each after all below it: the order in which locks are taken."""
        return tuple(reversed(self.nodes[1:]))

    def locked(self, node: Node) -> tuple[Node, ...]:
        """Return the edges below a node that have locks."""
        below = (each for each in self.nodes if each.parent == node.number)
        return tuple(each for each in below if not self.keyed_by_root(each))

    def queued(self) -> tuple[tuple[str, str], ...]:
        """Return the queue's key columns with their types."""
        key_columns: list[tuple[str, str]] = []
        for node in self.nodes:
            key_columns += zip(node.changed_keys, node.types, strict=True)
            if node.parent is not None and not self.keyed_by_root(node):
                key_columns += zip(node.new_refs, node.types, strict=True)
        return tuple(key_columns)

    def tables(self) -> Iterator[tuple[int, BaseTable, tuple[Node, ...]]]:
        """Yield each base table once, numbered, with all its nodes."""
        names = list(dict.fromkeys(node.table.name for node in self.nodes))
        for number, name in enumerate(names):
            nodes = tuple(node for node in self.nodes if node.table.name == name)
            yield number, nodes[0].table, nodes

    def own(self, part: str) -> Qualified:
        """Return the name of one of the projection's own objects."""
        return Qualified(SCHEMA, f"{self.spec.name}_{part}")

    def trigger(self, part: str) -> str:
        """Return the name of one of the projection's triggers, on any table."""
        return f"fql_{self.spec.name}_{part}"

    def seed(self, node: Node) -> int:
        """Return the seed of an edge's lock numbers; at the root, of documents not yet stored."""
        digest = sha256(f"{self.spec.table.sql}\0{node.path}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)


def columns(alias: str, names: tuple[str, ...]) -> str:
    """Return a list of columns, as SQL."""
    return ", ".join(f"{alias}.{quote(name)}" for name in names)


def _number(embeds: tuple[EmbedSpec, ...], nodes: list[Node], parent: int, path: str) -> None:
    for edge in embeds:
        number = len(nodes)
        name = f"{path}.{edge.name}" if path else edge.name
        nodes.append(Node(number, name, edge.table, edge.columns, parent, edge.join, edge.many))
        _number(edge.embeds, nodes, number, name)
