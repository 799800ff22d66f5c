"""Frozen facts about relations from PostgreSQL's catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fraiseql.errors import SourceError
from fraiseql.naming import suggestion
from fraiseql.sql_names import CATALOG


def quote(name: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type as ``format_type`` prints it, and its base type.

    Attributes:
        name: As stored in the catalog.
        type_name: With modifiers and schema where needed: ``character varying(20)``.
        base_type: ``typname`` after domains are resolved: ``varchar``, ``int4``, ``_text``.
        nullable: False when the catalog says NOT NULL.
        base_sql: The base type for a cast: qualified and quoted, without modifiers.
        order: How PostgreSQL compares values of the type: ``btree`` by order, ``hash`` by equality
            only, or empty for not at all.
        deterministic: Whether the column's collation makes texts equal only if their bytes are.
        checks: Whether the server can say if a text is a value of a type.
        operators: Schema of the operators that compare values of the type.
    """

    name: str
    type_name: str
    base_type: str
    nullable: bool = True
    base_sql: str = ""
    order: Literal["btree", "hash", ""] = "btree"
    deterministic: bool = True
    checks: bool = False
    operators: str = CATALOG


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or materialized view.

    Attributes:
        schema: Namespace.
        name: Without the schema.
        kind: ``table``, ``view``, ``materialized view``, ``foreign table`` or
            ``partitioned table``.
        columns: By name, in the order of the relation.
        key: Columns of the primary key, else of the first unique NOT NULL key, else empty.
    """

    schema: str
    name: str
    kind: str
    columns: Mapping[str, Column]
    key: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The quoted, qualified name."""
        return f"{quote(self.schema)}.{quote(self.name)}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """Requested relations by their requested names.

    Attributes:
        relations: ``users`` or ``sales.users`` → its facts.
        visible_names: Names of all relations on the search path, for suggestions.
        server_version: ``server_version_num``, e.g. 150018.
    """

    relations: Mapping[str, Relation]
    visible_names: tuple[str, ...] = ()
    server_version: int = 0

    def relation(self, name: str, *, wanted_by: str) -> Relation:
        """Return the relation called ``name``.

        Raises:
            SourceError: There is none; the message has the nearest name.
        """
        relation = self.relations.get(name)
        if relation is None:
            raise SourceError(
                f"{wanted_by} reads relation {name!r}, which does not exist."
                f"{suggestion(name, self.visible_names)}",
                hint="Create the table or view, or correct the name (schema.name for another "
                "schema).",
            )
        return relation
