"""Columns and sizes of the tables behind stored documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fraiseql.catalog.picture import Catalog, quote
from fraiseql.database import Pool
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a table.

    Attributes:
        name: As stored in the catalog.
        sql_type: Type name, valid under any search path.
        base: ``typname`` after domains and arrays: ``timestamptz`` for ``timestamptz[]``.
        base_kind: Its ``typtype``: ``b`` base, ``e`` enum, ``c`` composite, ``r`` range.
        is_array: Whether values are arrays.
        generated: ``s`` or ``v`` for a generated column, else empty.
        identity: Whether it is GENERATED ALWAYS AS IDENTITY.
    """

    name: str
    sql_type: str
    base: str
    base_kind: str
    is_array: bool = False
    generated: str = ""
    identity: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A relation behind stored documents.

    Attributes:
        schema: Namespace.
        name: Without the schema.
        kind: ``relkind``: ``r`` table, ``p`` partitioned table, ``v`` view …
        columns: By name, in the order of the relation.
        bytes: Size with partitions; for a plain table without its indexes.
        owned: Whether the connected role may alter it.
        partition: Whether it is a partition of another table.
    """

    schema: str
    name: str
    kind: str
    columns: Mapping[str, TableColumn]
    bytes: int = 0
    owned: bool = True
    partition: bool = False

    @property
    def sql(self) -> str:
        """The quoted, qualified name."""
        return f"{quote(self.schema)}.{quote(self.name)}"


async def load_tables(pool: Pool, catalog: Catalog, names: Iterable[str]) -> Mapping[str, Table]:
    """Read the tables that ``names`` mean in ``catalog``.

    Args:
        pool: Connections to the database.
        catalog: The relations by declared name.
        names: Declared names; those without a relation are left out.

    Raises:
        DatabaseError: The database cannot be reached, or refuses the statement.
    """
    relations = {name: catalog.relations[name] for name in names if name in catalog.relations}
    places = sorted({(relation.schema, relation.name) for relation in relations.values()})
    args = [[schema for schema, _ in places], [name for _, name in places]]
    rows = await pool.inspect(_SQL["columns"].text, args)
    by_place: dict[tuple[str, str], list[Mapping[str, object]]] = {place: [] for place in places}
    for row in rows:
        by_place[row["schema"], row["name"]].append(dict(row))
    tables = {place: _table(place, own) for place, own in by_place.items()}
    return {name: tables[relation.schema, relation.name] for name, relation in relations.items()}


def _table(place: tuple[str, str], rows: list[Mapping[str, object]]) -> Table:
    columns = {str(row["column"]): _column(row) for row in rows}
    if not rows:
        return Table(*place, "r", columns)
    first = rows[0]
    size = int(str(first["bytes"])) or int(str(first["tree_bytes"]))
    owned, partition = bool(first["owned"]), bool(first["partition"])
    return Table(*place, str(first["kind"]), columns, size, owned, partition)


def _column(row: Mapping[str, object]) -> TableColumn:
    return TableColumn(
        str(row["column"]),
        str(row["sql_type"]),
        str(row["base"]),
        str(row["base_kind"]),
        bool(row["is_array"]),
        str(row["generated"]),
        bool(row["identity"]),
    )
