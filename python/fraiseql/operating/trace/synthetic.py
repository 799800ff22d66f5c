"""Parameters of traced statements, drawn from the statistics of their columns."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.database import Pool
from fraiseql.operating.trace.generic_plans import generic_plan_tree
from fraiseql.sql_files import load_sql

SETS: Final = 20
"""Sets of parameters that are drawn for a statement."""

_SQL: Final = load_sql(__name__)
_NAME: Final = r'"(?:[^"]|"")+"'
_RELATION: Final = re.compile(rf"(?:FROM|JOIN) ({_NAME})\.({_NAME}) AS (\w+)")
_COMPARED: Final = re.compile(
    rf"(\w+)\.({_NAME})(?:::[\w. ]+)? OPERATOR\(pg_catalog\.([^)]+)\) (ANY \()?\$(\d+)\b"
)
_PLANNED: Final = re.compile(rf"(\w+|{_NAME})\.(\w+|{_NAME}) (=|<|<=|>|>=) (ANY )?\(*\$(\d+)\b")
_CONDITIONS: Final = ("Index Cond", "Recheck Cond", "Filter", "Hash Cond", "Join Filter")
_COUNTED: Final = re.compile(r"(LIMIT|OFFSET) [^$;)]*\$(\d+)\b")
_EQUALITY: Final = "="
_IN_LIST: Final = 5
_USUAL: Final = {"LIMIT": 20, "OFFSET": 0}


@dataclass(frozen=True, slots=True)
class ComparedColumn:
    """The column that a parameter is compared with.

    Attributes:
        schema: Schema of its relation.
        relation: The relation.
        column: The column.
        operator: The comparison, such as ``=``.
        is_list: Whether the parameter is a list.
    """

    schema: str
    relation: str
    column: str
    operator: str
    is_list: bool


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """Values of a column, as text.

    Attributes:
        common: The most common ones.
        shares: The share of rows that each of them has.
        bounds: Bounds of equally large parts of the others, in order.
    """

    common: Sequence[str]
    shares: Sequence[float]
    bounds: Sequence[str]

    def draw(self, source: random.Random, operator: str) -> str | None:
        """Return a value: by its share for an equality, else any bound."""
        if operator == _EQUALITY and self.common and source.random() < sum(self.shares):
            return source.choices(self.common, self.shares)[0]
        values = self.bounds or self.common
        return source.choice(values) if values else None


def compared_columns(sql: str) -> Mapping[int, ComparedColumn]:
    """Return the column of each parameter of a statement of the framework, by its number."""
    relations = {alias: (schema, name) for schema, name, alias in _RELATION.findall(sql)}
    columns: dict[int, ComparedColumn] = {}
    for alias, column, operator, listed, number in _COMPARED.findall(sql):
        if alias in relations:
            schema, name = map(_plain, relations[alias])
            columns[int(number)] = ComparedColumn(
                schema, name, _plain(column), operator, bool(listed)
            )
    return columns


def planned_columns(tree: Mapping[str, Any]) -> Mapping[int, ComparedColumn]:
    """Return the column of each parameter in the conditions of a plan, by its number."""
    nodes = list(_nodes(tree))
    relations = {
        each["Alias"]: (each["Schema"], each["Relation Name"])
        for each in nodes
        if "Relation Name" in each
    }
    columns: dict[int, ComparedColumn] = {}
    for text in (node[name] for node in nodes for name in _CONDITIONS if name in node):
        for alias, column, operator, listed, number in _PLANNED.findall(text):
            if _bare(alias) in relations:
                schema, name = relations[_bare(alias)]
                own = ComparedColumn(schema, name, _bare(column), operator, bool(listed))
                columns.setdefault(int(number), own)
    return columns


def _bare(name: str) -> str:
    return _plain(name) if name.startswith('"') else name


def _nodes(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield tree
    for child in tree.get("Plans", ()):
        yield from _nodes(child)


async def synthetic_samples(
    pool: Pool, sql: str, types: Sequence[str]
) -> list[dict[str, Any]] | str:
    """Return sets of parameters by their number, or the reason why there are none.

    Args:
        pool: Connections of a role that may read the columns.
        sql: A traced statement.
        types: Types of its parameters.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    columns = dict(compared_columns(sql))
    if any(number not in columns for number in range(1, len(types) + 1)):
        tree = await generic_plan_tree(pool, sql)
        columns = {**planned_columns(tree or {}), **columns}
    counts = {int(number): _USUAL[word] for word, number in _COUNTED.findall(sql)}
    values: dict[int, ColumnValues] = {}
    for number in range(1, len(types) + 1):
        if number in counts:
            continue
        if number not in columns:
            return f"${number} is compared with no column"
        column = columns[number]
        rows = await pool.inspect(
            _SQL["statistics"].text, [column.schema, column.relation, column.column]
        )
        if not rows or not (rows[0]["bounds"] or rows[0]["common"]):
            return f"{column.relation}.{column.column} has no statistics: run ANALYZE"
        values[number] = ColumnValues(rows[0]["common"], rows[0]["shares"], rows[0]["bounds"])
    # The same in every run, so that measurements can be repeated.
    source = random.Random(0)  # noqa: S311 - no secret
    return [
        {
            **{str(number): count for number, count in counts.items()},
            **{str(number): _drawn(source, own, columns[number]) for number, own in values.items()},
        }
        for _ in range(SETS)
    ]


def _drawn(source: random.Random, values: ColumnValues, column: ComparedColumn) -> Any:
    if column.is_list:
        return [values.draw(source, column.operator) for _ in range(_IN_LIST)]
    return values.draw(source, column.operator)


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"')
