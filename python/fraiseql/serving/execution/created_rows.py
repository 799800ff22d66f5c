"""Rows of a ``createMany``, of which a deferred constraint refuses one."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.catalog import Relation
from fraiseql.database import Pool
from fraiseql.errors import FraiseQLError, sqlstate_of
from fraiseql.serving.execution.violations import CODES, CONFLICTS, constraint_of
from fraiseql.serving.sql.write import same_text_sql

_UNIQUE: Final = "23505"
_FOREIGN_KEY: Final = "23503"
_VALUES: Final = re.compile(r"\)=\((.*)\)", re.DOTALL)
"""Values of the refused row in the detail of an error, in each language of PostgreSQL."""


@dataclass(frozen=True, slots=True)
class CreatedRows:
    """The rows of an input.

    Attributes:
        relation: The table.
        rows: Columns of each row, with their values.
        encode: Returns JSON.
    """

    relation: Relation
    rows: Sequence[Mapping[str, Any]]
    encode: Callable[[Any], str]

    async def locate(self, pool: Pool, error: Exception) -> None:
        """Set the place of an error of the commit: the argument, and the index of the row.

        Args:
            pool: Connections, of which the mutation has none any more.
            error: The error; one that names no values of a row stays as it is.
        """
        cause: Any = error.__cause__
        state = sqlstate_of(error) if isinstance(error, FraiseQLError) else ""
        if state not in {_UNIQUE, _FOREIGN_KEY} or not isinstance(error, FraiseQLError):
            return
        values = _VALUES.search(cause.detail or "")
        table = (self.relation.schema, self.relation.name)
        if values is None or (cause.schema_name, cause.table_name) != table:
            return
        # Without the place, the error has the argument alone.
        with suppress(FraiseQLError):
            columns = (await constraint_of(pool, cause)).columns
            if not columns or not {*columns} <= self.relation.columns.keys():
                return
            sql = same_text_sql(self.relation, columns)
            places = await pool.inspect(sql, [self.encode(self.rows), values[1]])
            if places:
                # The first row with a value has not met another one.
                place = places[-1 if state == _UNIQUE else 0]["place"]
                error.place = ("input", place)


def is_of_row(state: str) -> bool:
    """Return whether an SQLSTATE is about the values of a row."""
    return state.startswith("22") or (state in CODES and state not in CONFLICTS)
