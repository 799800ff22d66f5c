"""Sizes, writes and indexes of the tables that traced statements read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fraiseql.operating.trace.report import Read
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)
_DAY: Final = 86_400.0
_CACHED: Final = 0.99


@dataclass(frozen=True, slots=True)
class ExistingIndex:
    """An index.

    Attributes:
        table: Its table, ``schema.name``.
        name: Its name, ``schema.name``.
        method: ``btree``, ``gin`` …
        items: SQL of each column.
        descending: Whether each is descending.
        predicate: SQL; empty for none.
        valid: Whether statements may use it.
        unique: Whether it is unique.
        bytes: Its size.
    """

    table: str
    name: str
    method: str
    items: tuple[str, ...]
    descending: tuple[bool, ...]
    predicate: str
    valid: bool
    unique: bool
    bytes: float


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table.

    Attributes:
        name: ``schema.name``.
        schema: Its schema.
        bare: Its name without schema.
        kind: ``relkind``.
        rows: Estimated rows.
        pages: Its pages.
        owned: Whether the connected role may alter it.
        writes_per_second: Rows written per second since the statistics began.
        indexes: Its indexes.
        distinct: ``n_distinct`` of its columns.
        width: Mean bytes of its columns.
        moments: Bounds of equally large parts of its columns of dates and instants.
    """

    name: str
    schema: str
    bare: str
    kind: str
    rows: float
    pages: float
    owned: bool
    writes_per_second: float
    indexes: tuple[ExistingIndex, ...] = ()
    distinct: Mapping[str, float] = field(default_factory=dict)
    width: Mapping[str, float] = field(default_factory=dict)
    moments: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def bare_name(self, index: ExistingIndex) -> str:
        """Return the name of one of its indexes without the schema, which is that of the table."""
        return index.name[len(self.schema) + 1 :]

    def distinct_values(self, column: str) -> float:
        """Return the estimated number of values of a column; 0 if unknown."""
        number = self.distinct.get(column, 0.0)
        return number if number >= 0 else -number * self.rows


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The tables, and facts of the database.

    Attributes:
        tables: By ``schema.name``.
        version: Version of the server.
        hit_ratio: Share of the blocks that were in its memory; None if unknown.
        page_cost: ``random_page_cost``.
        work_mem: Bytes that a sort may use in memory.
        seconds: Age of the statistics.
    """

    tables: Mapping[str, TableFacts]
    version: str
    hit_ratio: float | None
    page_cost: float
    work_mem: float
    seconds: float

    @property
    def in_memory(self) -> bool:
        """Whether reads find their pages in memory."""
        return self.hit_ratio is not None and self.hit_ratio > _CACHED


async def load_table_facts(read: Read, names: Iterable[tuple[str, str]]) -> DatabaseFacts:
    """Return facts of tables.

    Args:
        read: Runs a statement.
        names: Schema and name of each.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    pairs = sorted(set(names))
    places = [[schema for schema, _ in pairs], [name for _, name in pairs]]
    (server,) = await read(_SQL["server"].text, [])
    indexes: dict[str, list[ExistingIndex]] = {}
    for row in await read(_SQL["indexes"].text, places):
        indexes.setdefault(row["table_name"], []).append(_index(row))
    columns: dict[str, list[Any]] = {}
    for row in await read(_SQL["columns"].text, places):
        columns.setdefault(row["table_name"], []).append(row)
    tables = {}
    for row in await read(_SQL["tables"].text, places):
        name = row["name"]
        own = columns.get(name, ())
        tables[name] = _table(row, own, tuple(indexes.get(name, ())), server["seconds"])
    return DatabaseFacts(
        tables,
        server["version"],
        server["hit_ratio"],
        server["page_cost"],
        server["work_mem"],
        server["seconds"],
    )


def _index(row: Any) -> ExistingIndex:
    return ExistingIndex(
        row["table_name"],
        f"{row['schema']}.{row['name']}",
        row["method"],
        tuple(row["items"]),
        tuple(row["descending"]),
        row["predicate"],
        row["valid"],
        row["unique"],
        row["bytes"],
    )


def _table(
    row: Any, columns: Iterable[Any], indexes: tuple[ExistingIndex, ...], seconds: float
) -> TableFacts:
    return TableFacts(
        row["name"],
        row["schema"],
        row["bare"],
        row["kind"],
        row["rows"],
        row["pages"],
        row["owned"],
        _writes(row["inserted"], row["changed"], row["rows"], seconds),
        indexes,
        {each["name"]: each["n_distinct"] for each in columns},
        {each["name"]: each["width"] for each in columns},
        {each["name"]: each["moments"] for each in columns if each["moments"]},
    )


def _writes(inserted: float, changed: float, rows: float, seconds: float) -> float:
    """Return rows written per second; of young statistics without the first load."""
    loaded = rows if seconds < _DAY else 0.0
    return (max(inserted - loaded, 0.0) + changed) / max(seconds, 60.0)
