"""What every strategy is given, and what it answers: objects that it wants, or refusals."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from graphql import get_named_type

from fraiseql.caching.definition.tables import Table
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.compare import Verified
from fraiseql.catalog.picture import Catalog
from fraiseql.database import Pool
from fraiseql.database.writing import Writer
from fraiseql.schema import Schema
from fraiseql.schema.definitions import FieldDefinition, ObjectDefinition
from fraiseql.sources import KeptDocument, live_source


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that is declared and cannot be had.

    Attributes:
        code: Stable identifier; has a page in ``docs/errors``.
        where: The type, or type and field.
        message: What cannot be had, and why.
        alternative: What works instead.
        making: Whether it only stands against making it: what is there already may be read.
    """

    code: str
    where: str
    message: str
    alternative: str
    making: bool = False

    def __str__(self) -> str:
        """Return all of it on two lines."""
        return f"{self.where}: {self.message} [{self.code}]\n  {self.alternative}"


@dataclass(frozen=True, slots=True)
class World:
    """What declarations are resolved against.

    Attributes:
        schema: Everything declared.
        catalog: The relations that are declared, by declared name.
        tables: More facts of the same relations, by declared name.
        immutable: Lower-case names of functions all of whose versions are immutable.
    """

    schema: Schema
    catalog: Catalog
    tables: Mapping[str, Table]
    immutable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """One type whose documents are to be kept.

    Attributes:
        type_name: GraphQL name.
        definition: What is declared of the type.
        stored: Its strategy with options.
        table: The relation of its ``sql_source``.
        key: Columns that identify a row; may be empty.
        world: All the rest.
        facts: What the strategy's own ``facts`` read; None until then.
    """

    type_name: str
    definition: ObjectDefinition
    stored: Any
    table: Table
    key: tuple[str, ...]
    world: World
    facts: Any = None

    def own_fields(self) -> list[FieldDefinition]:
        """Return the fields that rows of the table itself answer."""
        return own_fields(self.world.schema, self.type_name)

    def embedded_fields(self) -> list[FieldDefinition]:
        """Return the fields that other relations answer."""
        fields = self.world.schema.fields[self.type_name].values()
        return [field for field in fields if field.embed is not None]


def live_reads(kept: Kept, embeds: Iterable[str] = ()) -> list[str]:
    """Return the quoted names of the relations that the live answer's statement names.

    Args:
        kept: The type.
        embeds: Embedded fields that the stored document holds, dotted for those inside of embeds.
    """
    world, found = kept.world, [live_source(kept.definition) or ""]
    for path in embeds:
        type_name = kept.type_name
        for part in path.split("."):
            fields = world.schema.fields[type_name].items()
            graphql_name, field = next(one for one in fields if one[1].name == part)
            assert field.embed is not None  # noqa: S101 - its documents are stored
            found.append(field.embed.relation)
            type_: Any = world.schema.graphql.type_map[type_name]
            type_name = get_named_type(type_.fields[graphql_name].type).name
    return list(dict.fromkeys(world.catalog.relations[name].sql for name in found))


class Strategy(Protocol):
    """What a module of this package offers: the verbs of one strategy, written once each."""

    async def facts(self, kept: Kept, pool: Pool) -> Any:
        """Read from the database what the other verbs need beyond ``kept``: its ``facts``."""

    def refusals(self, kept: Kept) -> Iterable[Refusal]:
        """Return why the declaration cannot be had; nothing when it can."""

    def objects(self, kept: Kept) -> Iterable[DatabaseObject]:
        """Return what is to be there, the live view too; called only when nothing is refused."""

    async def published(self, kept: Kept, pool: Pool) -> KeptDocument | None:
        """Return what may be read in place of the live answer, if it is there and whole."""

    def readable(self, kept: Kept) -> Iterable[str]:
        """Return the quoted names of what is read in place of the live answer, tables apart."""

    async def verify(self, kept: Kept, writer: Writer, sample: float) -> Verified:
        """Compare what is kept with the live answer, in the snapshot that ``writer`` is in.

        ``sample`` is a share of the rows in per cent.
        """

    async def repair(self, kept: Kept, writer: Writer) -> int:
        """Make anew what differs, and return how many documents that were."""


def own_fields(schema: Schema, type_name: str) -> list[FieldDefinition]:
    """Return the fields of a type that its own row answers, in declared order."""
    fields = schema.fields[type_name].values()
    return [field for field in fields if field.embed is None and field.computed is None]


_STRING: Final = re.compile(r"'(?:[^']|'')*'")
_COMMENT: Final = re.compile(r"(?s)/\*.*?\*/|--[^\n]*")
_CALL: Final = re.compile(
    r'(?<![\w."])([A-Za-z_]\w*|"[^"]+")\s*(?:\.\s*([A-Za-z_]\w*|"[^"]+"))?\s*\('
)
_BARE: Final = re.compile(
    r"(?i)(?<![\w.\"])(current_(?:timestamp|date|time|user|role|schema|catalog)|localtime(?:stamp)?"
    r"|session_user|user)(?![\w\"(])"
)
_MOMENT: Final = re.compile(r"(?i)'\s*(?:now|today|tomorrow|yesterday)\s*'")
"""Texts that are moments, as ``now()`` is; to tell where they are only texts takes a parser."""
_KEYWORDS: Final = """
and or not in any all some exists case when then else between like ilike is values array row
coalesce nullif greatest least cast extract select from where on as interval overlay trim numeric
decimal varchar char character bit timestamp time float operator
"""
_NO_FUNCTIONS: Final = frozenset(_KEYWORDS.split())
"""Words before a parenthesis that call nothing."""


def changing_calls(predicate: str, immutable: frozenset[str]) -> list[str]:
    """Return what in a predicate may change without any write to the rows that it reads.

    ``immutable`` are the names of functions that cannot; everything else that is called counts.
    """
    # With a backslash, where a string ends is not told by its quotes: words in it count too.
    text = predicate if "\\" in predicate else _STRING.sub("''", predicate)
    # A comment may stand before the parenthesis; what looks like one may be part of a string.
    text = f"{text} ; {_COMMENT.sub(' ', text)}"
    called = [(match[2] or match[1]).strip('"').lower() for match in _CALL.finditer(text)]
    bare = [match[1].lower() for match in _BARE.finditer(text)]
    bare += ["now"] if _MOMENT.search(predicate) else []
    changing = [name for name in called if name not in immutable and name not in _NO_FUNCTIONS]
    return list(dict.fromkeys((*changing, *bare)))


def refuse_changing(where: str, predicate: str, immutable: frozenset[str]) -> list[Refusal]:
    """Refuse a predicate whose outcome changes with time, session or chance."""
    found = changing_calls(predicate, immutable)
    if not found:
        return []
    return [
        Refusal(
            "PREDICATE_CHANGES",
            where,
            f"the predicate calls {', '.join(found)}, whose result changes without a write.",
            "Compare with constants or columns only; for the latest days leave the predicate out"
            " and filter in the query, with RollingIndex(column, window=…) behind it.",
        )
    ]
