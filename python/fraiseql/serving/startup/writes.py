"""Checks at the start that the generated mutations can write."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.catalog import Relation
from fraiseql.database import Pool, Record
from fraiseql.errors import DeclarationError
from fraiseql.events import logger
from fraiseql.naming import suggestion
from fraiseql.schema.writes import Writes
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.startup.types import Finding
from fraiseql.sql_files import load_sql

CODE: Final = "WRITE_NOT_POSSIBLE"
_SQL: Final = load_sql(__name__)
_TABLES: Final = ("r", "p")
_EVENTS: Final = {"INSERT": 8, "UPDATE": 4, "DELETE": 16}
"""Bits of ``pg_relation_is_updatable``."""


async def check_writes(pool: Pool, relations: Relations) -> None:
    """Refuse generated mutations that PostgreSQL would refuse for every input.

    Missing privileges are warnings in the log: requests may have a role of their own.

    Args:
        pool: Connections to the database.
        relations: Declarations, resolved.

    Raises:
        DeclarationError: Some cannot work; the message names all of them.
        DatabaseError: The database cannot be reached.
    """
    written = _written(relations)
    if not written:
        return
    names = [[each.relation.schema for each in written], [each.relation.name for each in written]]
    columns: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)
    for row in await pool.inspect(_SQL["columns"].text, names):
        columns[row["schema"], row["relation"]][row["name"]] = row
    uniques: dict[tuple[str, str], set[frozenset[str]]] = defaultdict(set)
    for row in await pool.inspect(_SQL["uniques"].text, names):
        uniques[row["schema"], row["relation"]].add(frozenset(row["columns"]))
    findings: list[Finding] = []
    for each in written:
        place = (each.relation.schema, each.relation.name)
        findings += _Comparison(each, columns[place], uniques[place]).findings()
    _report(findings, pool.login_role)


def _report(findings: Sequence[Finding], role: str) -> None:
    refused = [finding for finding in dict.fromkeys(findings) if finding.certain]
    for finding in dict.fromkeys(findings):
        if not finding.certain:
            logger.warning("%s %s", finding.message, finding.instead.replace("{role}", role))
    if refused:
        first, *others = refused
        lines = [text for each in others for text in (each.message, f"  {each.instead}")]
        hint = "\n".join([first.instead, *lines])
        raise DeclarationError(first.message, hint=hint, code=CODE)


@dataclass(frozen=True, slots=True)
class _Written:
    """A type with generated mutations.

    Attributes:
        type_name: Its GraphQL name.
        writes: Its mutations.
        relation: Its relation.
        columns: Columns by the names of their fields.
        key: Columns of its key.
    """

    type_name: str
    writes: Writes
    relation: Relation
    columns: Mapping[str, str]
    key: Sequence[str]

    def named(self, fields: Iterable[str]) -> list[str]:
        """Return the columns of fields."""
        return [self.columns[name] for name in fields if name in self.columns]


def _written(relations: Relations) -> list[_Written]:
    schema = relations.schema
    written: list[_Written] = []
    for name, definition in schema.objects.items():
        if definition.writes is not None:
            source = relations.sources.sources[name]
            fields = schema.fields[name].values()
            columns = {each.name: each.column or each.name for each in fields}
            key = definition.key or ("id",)
            each = _Written(name, definition.writes, source.relation, columns, key)
            _check_columns(each)
            written.append(each)
    return written


def _check_columns(written: _Written) -> None:
    for name in (*written.writes.create, *written.writes.update):
        column = written.columns.get(name, name)
        if name in written.columns and column not in written.relation.columns:
            raise DeclarationError(
                f"Writes of {written.type_name} lists {name!r}, which has no column of its own."
                f"{suggestion(column, written.relation.columns)}",
                hint="Write values inside of a document with a function under @fraiseql.mutation.",
            )


class _Comparison:
    """Compares the mutations of a type with its relation."""

    def __init__(
        self, written: _Written, rows: Mapping[str, Record], uniques: set[frozenset[str]]
    ) -> None:
        self._written = written
        self._rows = rows
        self._uniques = uniques
        self._create = written.named(written.writes.create)
        self._update = written.named(written.writes.update)
        self._place = f"{written.relation.schema}.{written.relation.name}"
        first: Any = next(iter(rows.values()), None)
        self._table = first is not None and first["kind"] in _TABLES
        self._facts = first

    def findings(self) -> Iterator[Finding]:
        """Yield the reasons to refuse every mutation of a kind."""
        if self._facts is None:
            return
        denied = [event for event in self._used() if not self._facts["events"] & _EVENTS[event]]
        for event in denied:
            yield self._finding(
                f"{self._options(event)} cannot work: PostgreSQL does not run {event} on"
                f" {self._place}, a {self._written.relation.kind}.",
                "Make the view updatable, add an INSTEAD OF trigger, or write a function under"
                " @fraiseql.mutation.",
            )
        if denied:
            return
        yield from self._of_columns()
        if self._table:
            yield from self._of_upsert()
            if self._create and not self._facts["filled"]:
                yield from self._of_missing()
        yield from self._of_privileges()

    def _used(self) -> list[str]:
        used = {
            "INSERT": self._create,
            "UPDATE": self._update or self._written.writes.upsert,
            "DELETE": self._written.writes.delete,
        }
        return [event for event, value in used.items() if value]

    @staticmethod
    def _options(event: str) -> str:
        return {"INSERT": "create=", "UPDATE": "update= or upsert=", "DELETE": "delete="}[event]

    def _finding(self, message: str, instead: str, *, certain: bool = True) -> Finding:
        return Finding(certain, f"Writes of {self._written.type_name}: {message}", instead, CODE)

    def _of_columns(self) -> Iterator[Finding]:
        listed = [("create", name) for name in self._create]
        listed += [("update", name) for name in self._update]
        for option, name in listed:
            row = self._rows[name]
            shown = f"{option}= lists {self._place}.{name}"
            if row["generated"]:
                yield self._finding(
                    f"{shown}, which is a generated column.", f"Leave it out of {option}=."
                )
            elif row["identity"] == "a":
                yield self._finding(
                    f"{shown}, which is GENERATED ALWAYS AS IDENTITY: only PostgreSQL writes it.",
                    f"Leave it out of {option}=, or make the column GENERATED BY DEFAULT.",
                )
            elif not row["updatable"]:
                yield self._finding(
                    f"{shown}, which the view computes.",
                    f"Leave it out of {option}=, or add an INSTEAD OF trigger.",
                )

    def _of_upsert(self) -> Iterator[Finding]:
        for key in self._written.writes.upsert:
            columns = self._written.named(key)
            if frozenset(columns) not in self._uniques:
                listed = ", ".join(columns)
                yield self._finding(
                    f"upsert= has ({listed}), for which {self._place} has no unique constraint or"
                    " index of all rows that is checked at once.",
                    f"Add UNIQUE ({listed}), not DEFERRABLE, or name another key.",
                )

    def _of_missing(self) -> Iterator[Finding]:
        """Yield the columns that no row could be created without."""
        for name, row in self._rows.items():
            given = row["has_default"] or row["identity"] or row["generated"]
            if row["required"] and not given and name not in self._create:
                yield self._finding(
                    f"create= does not list {self._place}.{name}, which is NOT NULL and has no"
                    " default.",
                    "List it, or give the column a default.",
                )

    def _of_privileges(self) -> Iterator[Finding]:
        keys = [name for name in self._written.key if name in self._rows]
        changed = [*self._update, *self._upserted()]
        needed = {
            "INSERT": self._without("may_insert", self._create),
            "UPDATE": self._without("may_update", changed),
            "SELECT": self._without("may_select", keys),
        }
        if self._written.writes.delete and not self._facts["may_delete"]:
            yield self._denied("DELETE")
        for privilege, columns in needed.items():
            if columns:
                yield self._denied(f"{privilege} ({', '.join(columns)})")

    def _upserted(self) -> list[str]:
        """Return the columns that an upsert without changes sets."""
        keys = [] if self._update else self._written.writes.upsert
        return [name for key in keys for name in self._written.named(key)]

    def _without(self, privilege: str, columns: Iterable[str]) -> list[str]:
        present = [name for name in dict.fromkeys(columns) if name in self._rows]
        return [name for name in present if not self._rows[name][privilege]]

    def _denied(self, privilege: str) -> Finding:
        return self._finding(
            f"the role that the application logs in as may not {privilege} on {self._place}.",
            f'Run: GRANT {privilege} ON {self._place} TO "{{role}}". Requests with another role'
            " need it for theirs.",
            certain=False,
        )
