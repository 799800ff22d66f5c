"""Database objects of declarations, as plain data."""

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from fraiseql.expressions import literal
from fraiseql.sql_files import SqlStatement

Kind = Literal[
    "schema",
    "table",
    "view",
    "materialized view",
    "column",
    "function",
    "trigger",
    "index",
    "rolling index",
    "fingerprint",
    "data",
]


@dataclass(frozen=True, slots=True)
class DatabaseObject:
    """One object, or one change of data, of a declaration.

    Attributes:
        kind: Its kind; ``data`` is a backfill, which runs once after its dependencies.
        name: Qualified and quoted as in SQL; unique together with ``kind``.
        create: Statements that create it, in order; idempotent where PostgreSQL allows it.
        drop: Statements that undo ``create``, in order.
        owner: The declaration: a type's name; ``fraiseql`` for the framework's own objects.
        needs: Names of objects that must exist before.
        transactional: False if it cannot run in a transaction (``CREATE INDEX CONCURRENTLY``).
        lock: The strongest lock of ``create``, its table and its duration, for messages.
        replaces: Whether ``create`` may run over an older version of the object (views, functions,
            tables with other privileges).
        version: Identifies the version in place of ``create``, if that contains the time.
        adopts: Whether ``create`` may run over one that exists and that no apply has recorded.
        declared: The statement of ``create`` with SQL of a developer, which runs on the
            application's search path. All other statements run on PostgreSQL's own names.
    """

    kind: Kind
    name: str
    create: tuple[str, ...]
    drop: tuple[str, ...] = ()
    owner: str = "fraiseql"
    needs: tuple[str, ...] = ()
    transactional: bool = True
    lock: str = "none"
    replaces: bool = False
    version: str = ""
    adopts: bool = False
    declared: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Unique key of the object."""
        return (self.kind, self.name)

    @property
    def digest(self) -> str:
        """Hash of ``create``: another digest is another version.

        Data is computed again when a function under it changes, so comments on functions are left
        out.
        """
        create = [text for text in self.create if not text.startswith("COMMENT ON FUNCTION")]
        said = (self.version,) if self.version else create
        text = "\0".join((*said, str(self.transactional)))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def sql_function(name: str, statement: SqlStatement, *needs: str) -> DatabaseObject:
    """Return a function from a ``.sql`` file, private to the framework and with a search path.

    Args:
        name: Qualified and quoted, with the types of its arguments.
        statement: ``CREATE OR REPLACE FUNCTION`` whose body begins with ``AS $fraiseql$``.
        needs: Names of objects that must exist before.
    """
    head, body, rest = statement.text.partition(" AS $fraiseql$")
    create = f"{head} SET search_path = pg_catalog, pg_temp{body}{rest}"
    function = private_function(name, create, *needs)
    comment = f"COMMENT ON FUNCTION {name} IS {literal(statement.purpose)}"
    return replace(function, create=(*function.create, comment))


def private_function(
    name: str, create: str, *needs: str, owner: str = "fraiseql"
) -> DatabaseObject:
    """Return a function without privileges for PUBLIC.

    Args:
        name: Qualified and quoted, with the types of its arguments.
        create: The statement that creates or replaces it.
        needs: Names of objects that must exist before.
        owner: The declaration that needs it.
    """
    return DatabaseObject(
        "function",
        name,
        (create, f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC"),
        (f"DROP FUNCTION IF EXISTS {name}",),
        owner,
        needs,
        replaces=True,
    )
