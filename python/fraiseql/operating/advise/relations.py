"""Tables to copy, their sizes, and the rows of a sample."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.catalog.picture import quote
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection
from fraiseql.operating.advise.scratch_server import no_scratch
from fraiseql.sizing.sizes import MB
from fraiseql.sql_files import load_sql

OWN: Final = (
    "fraiseql.ledger",
    "fraiseql.ledger_version",
    "fraiseql.fingerprints",
    "fraiseql.secret",
    "fraiseql.view_state",
)
"""Tables of the framework without which a copy would be built again."""

WHOLE: Final = 100.0
"""Percentage of the rows of a complete copy."""

_SQL: Final = load_sql(__name__)
_WHOLE: Final = 4 * MB
"""Tables up to this size are copied whole, also in a sample."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key between two tables to copy.

    Attributes:
        parent: Id of the table that it refers to.
        columns: Its columns.
        parent_columns: Those that it refers to.
    """

    parent: int
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table to copy.

    Attributes:
        id: Its id in the source.
        schema: Its schema.
        name: Its name.
        columns: Columns that are not generated.
        bytes: Bytes of its rows.
        index_bytes: Bytes of its indexes.
        keys: Its foreign keys to other tables of the copy.
    """

    id: int
    schema: str
    name: str
    columns: tuple[str, ...]
    bytes: int
    index_bytes: int
    keys: tuple[ForeignKey, ...] = ()

    @property
    def sql(self) -> str:
        """Its quoted name."""
        return f"{quote(self.schema)}.{quote(self.name)}"

    @property
    def label(self) -> str:
        """Its name as in the trace."""
        return f"{self.schema}.{self.name}"


async def tables_to_copy(pool: Pool, relations: Iterable[str]) -> list[CopiedTable]:
    """Return the tables with the rows of some relations.

    Args:
        pool: Connections to the source.
        relations: Their names, each ``schema.name``.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: the role may not read all rows of a table, or
            one is foreign.
        DatabaseError: The database cannot be reached.
    """
    rows = await pool.inspect(_SQL["relations"].text, [sorted({*relations, *OWN})])
    for row in rows:
        label = f"{row['schema']}.{row['name']}"
        if row["kind"] == "f":
            raise no_scratch(f"{label} is a foreign table, whose rows are on another server")
        if row["schema"] != "fraiseql" and (not row["readable"] or row["filtered"]):
            raise no_scratch(
                f"the role {pool.login_role} may not read {'all rows of ' * row['filtered']}{label}"
            )
    rows = [row for row in rows if row["readable"]]
    keys = await pool.inspect(_SQL["references"].text, [[row["id"] for row in rows]])
    return [
        CopiedTable(
            row["id"],
            row["schema"],
            row["name"],
            tuple(row["columns"]),
            row["bytes"],
            row["index_bytes"],
            tuple(
                ForeignKey(key["parent"], tuple(key["child_columns"]), tuple(key["parent_columns"]))
                for key in keys
                if key["child"] == row["id"]
            ),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class IncompleteObject:
    """A foreign key, or the rows of a materialized view, that the rows of a copy do not allow.

    Attributes:
        catalog: Id of its catalog, as pg_dump names it.
        id: Its id in the source.
        label: Its name for messages.
    """

    catalog: int
    id: int
    label: str


async def incomplete_objects(
    reader: AdminConnection, tables: Sequence[CopiedTable], percent: float
) -> list[IncompleteObject]:
    """Return the objects that cannot be made, because a copy has a part of their rows only.

    Args:
        reader: A session of the source.
        tables: All tables of the copy.
        percent: Share of the rows.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    sampled = [each.id for each in tables if percent < WHOLE and each.bytes > _WHOLE]
    ids = [each.id for each in tables]
    rows = await reader.fetch(_SQL["incomplete"].text, ids, sampled)
    return [IncompleteObject(row["catalog"], row["id"], row["label"]) for row in rows]


def rows_sql(table: CopiedTable, tables: Sequence[CopiedTable], percent: float) -> str:
    """Return the query of the rows to copy.

    Args:
        table: The table.
        tables: All tables of the copy.
        percent: Share of the rows: of large tables without large parents a sample of pages, of
            their children the rows whose parents are in it.
    """
    return _rows(table, {each.id: each for each in tables}, percent, frozenset())


def _rows(
    table: CopiedTable,
    tables: dict[int, CopiedTable],
    percent: float,
    children: Collection[int],
) -> str:
    columns = ", ".join(map(quote, table.columns))
    query = f"SELECT {columns} FROM ONLY {table.sql}"  # noqa: S608 - quoted names
    if percent >= WHOLE or table.bytes <= _WHOLE:
        return query
    within = {*children, table.id}
    keys = [
        key for key in table.keys if key.parent not in within and tables[key.parent].bytes > _WHOLE
    ]
    if not keys:
        # The same pages wherever the parent's sample is read.
        return f"{query} TABLESAMPLE SYSTEM ({percent:g}) REPEATABLE (1)"
    conditions = (_parent_is_copied(key, tables, percent, frozenset(within)) for key in keys)
    return f"{query} WHERE {' AND '.join(conditions)}"


def _parent_is_copied(
    key: ForeignKey, tables: dict[int, CopiedTable], percent: float, within: Collection[int]
) -> str:
    parent = _rows(tables[key.parent], tables, percent, within)
    own = ", ".join(map(quote, key.columns))
    others = ", ".join(map(quote, key.parent_columns))
    unknown = " OR ".join(f"{quote(column)} IS NULL" for column in key.columns)
    return f"(({own}) IN (SELECT {others} FROM ({parent}) AS parent) OR {unknown})"  # noqa: S608 - quoted names
