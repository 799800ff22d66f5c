"""SQL of a type's document with its embeds, over base tables."""
# ruff: noqa: S608 - identifiers are quoted, and predicates come from declarations only

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fraiseql.caching.definition.rows import RowFunction, row_function
from fraiseql.caching.definition.tables import Table
from fraiseql.catalog.picture import Catalog, Relation, quote
from fraiseql.errors import DeclarationError
from fraiseql.expressions import equals, literal
from fraiseql.schema import Schema
from fraiseql.schema.connections import row_named
from fraiseql.schema.definitions import EmbedDefinition, FieldDefinition
from fraiseql.sql_names import fn, op


@dataclass(slots=True)
class DocumentWriter:
    """Writes the SQL of documents and collects the row functions that it calls.

    Args:
        schema: The declared schema.
        catalog: The relations by declared name.
        tables: Columns of the same relations.
        owner: The type that the functions belong to.

    Attributes:
        functions: Row functions by type and table.
    """

    schema: Schema
    catalog: Catalog
    tables: dict[str, Table]
    owner: str
    functions: dict[tuple[str, str], RowFunction] = field(default_factory=dict)

    def document(
        self, type_name: str, source: str, embeds: Sequence[str], alias: str, depth: int = 1
    ) -> str:
        """Return the expression of the document of the row ``alias``.

        Args:
            type_name: GraphQL name of the type.
            source: Its relation, as declared.
            embeds: Embedded fields of the document, dotted for those inside of embeds.
            alias: Alias of the row in the enclosing statement.
            depth: Number of the next alias.
        """
        function = self._function(type_name, source)
        pairs = [
            f"{literal(one.name)}, {self._embedded((type_name, source, alias), one, inner, depth)}"
            for one, inner in self._chosen(type_name, embeds)
        ]
        own = function.call(alias)
        embedded = f"{fn('jsonb_build_object')}({', '.join(pairs)})"
        return f"({own} {op('||')} {embedded})" if pairs else own

    def _function(self, type_name: str, source: str) -> RowFunction:
        key = (type_name, source)
        if key not in self.functions:
            fields = self.schema.fields[type_name].values()
            names = [f.name for f in fields if f.embed is None and f.computed is None]
            self.functions[key] = row_function(self.owner, self.tables[source], names)
        return self.functions[key]

    def _chosen(
        self, type_name: str, embeds: Sequence[str]
    ) -> Iterator[tuple[FieldDefinition, list[str]]]:
        for one in self.schema.fields[type_name].values():
            if one.embed is not None and any(e.split(".")[0] == one.name for e in embeds):
                prefix = f"{one.name}."
                yield one, [e.removeprefix(prefix) for e in embeds if e.startswith(prefix)]

    def _embedded(
        self, owner: tuple[str, str, str], one: FieldDefinition, inner: list[str], depth: int
    ) -> str:
        type_name, source, outer = owner
        embed = one.embed
        assert embed is not None  # noqa: S101 - chosen for having one
        named = self.named(type_name, one)
        alias = f"t{depth}"
        parent, child = self.catalog.relations[source], self.catalog.relations[embed.relation]
        joined = [
            f"{alias}.{quote(own)} {equals(child.columns[own], parent.columns[other])}"
            f" {outer}.{quote(other)}"
            for own, other in join_columns(embed, parent, child, f"{type_name}.{one.name}")
        ]
        where = " AND ".join([*joined, *([f"({embed.where})"] if embed.where else [])])
        value = self.document(named, embed.relation, inner, alias, depth + 1)
        rows = f"SELECT {value} AS v FROM {child.sql} AS {alias} WHERE {where}"
        if not embed.on:
            return f"(SELECT r{depth}.v FROM ({rows} LIMIT 1) AS r{depth})"
        order = ", ".join(
            f"{alias}.{quote(name)}{' DESC' if down else ''}"
            for name, down in order_columns(embed, child)
        )
        limit = "" if embed.limit is None else f" LIMIT {embed.limit}"
        ordered = f"{rows} ORDER BY {order}{limit}" if order else f"{rows}{limit}"
        # Ordered and limited inside, aggregated outside: LIMIT does not bound an aggregate.
        rows = f"{fn('jsonb_agg')}(r{depth}.v)"
        return f"(SELECT coalesce({rows}, '[]') FROM ({ordered}) AS r{depth})"

    def named(self, type_name: str, one: FieldDefinition) -> str:
        """Return the GraphQL name of a field's type."""
        type_: Any = self.schema.graphql.type_map[type_name]
        return str(row_named(type_.fields[one.graphql_name].type).name)


def join_columns(
    embed: EmbedDefinition, parent: Relation, child: Relation, where: str
) -> list[tuple[str, str]]:
    """Return the pairs of join columns: of the embedded row, of the outer row.

    Raises:
        DeclarationError: The two sides differ in length.
    """
    if embed.on:
        own, other = embed.on, embed.parent_key or parent.key
    else:
        own, other = embed.target_key or _key(child), embed.via
    if not own or len(own) != len(other):
        raise DeclarationError(f"{where} joins {tuple(own)} with {tuple(other)}.")
    return list(zip(own, other, strict=True))


def order_columns(embed: EmbedDefinition, child: Relation) -> list[tuple[str, bool]]:
    """Return the columns of a list's order and whether each descends; the key breaks ties."""
    terms = [(term.removeprefix("-"), term.startswith("-")) for term in embed.order_by]
    last = terms[-1][1] if terms else False
    named = {name for name, _ in terms}
    return [*terms, *((name, last) for name in _key(child) if name not in named)]


def _key(relation: Relation) -> tuple[str, ...]:
    return relation.key or (("id",) if "id" in relation.columns else ())
