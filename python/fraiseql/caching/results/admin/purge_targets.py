"""Change-log tags for the arguments of ``fraiseql cache purge``."""
# ruff: noqa: S608 - names are constants

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.dependencies.inspection import inspect_dependencies
from fraiseql.caching.results.admin.reports import query_stats
from fraiseql.caching.results.declared import cached_queries, caches_of
from fraiseql.caching.results.row_tags import LABEL, load_tags
from fraiseql.caching.results.sql.views import ENTRIES
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError, SourceError
from fraiseql.naming import suggestion
from fraiseql.schema import Schema
from fraiseql.sources import declared_relations, live_source
from fraiseql.sql_names import op

KEY_BYTES: Final = 32

# Relations of the application are resolved on its own search path.
_NAMED: Final = f"""\
SELECT n.name, c.oid::bigint AS oid FROM pg_catalog.unnest($1::pg_catalog.text[]) AS n (name)
JOIN pg_catalog.pg_class c ON c.oid {op("=")} coalesce(pg_catalog.to_regclass(n.name),
    pg_catalog.to_regclass(pg_catalog.quote_ident(n.name)))::pg_catalog.oid
WHERE c.relkind {op("=")} ANY ('{{r,p,v,m,f}}'::pg_catalog."char"[])"""

_QUALIFIED: Final = """\
SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1"""

_LABELS: Final = (
    f"SELECT DISTINCT tag FROM {LOG} WHERE tag LIKE 'label:%'",
    f"SELECT DISTINCT tag FROM {ENTRIES}, unnest(tags) AS tag WHERE tag LIKE 'label:%'",
)


async def type_tags(schema: Schema, pool: Pool, name: str, stored: Sequence[str] = ()) -> set[str]:
    """Return the tags of every table that a type is read from, live or stored.

    Args:
        schema: Everything declared.
        pool: Connections to the database.
        name: GraphQL name of the type.
        stored: Relations that hold its stored documents, as quoted names.

    Raises:
        ConfigurationError: The type does not exist, or has no relation.
    """
    definition = schema.objects.get(name)
    if definition is None:
        types = [each for each, definition in schema.objects.items() if definition.sql_source]
        raise ConfigurationError(
            f"The type {name!r} does not exist.{suggestion(name, types)}",
            hint=f"Types with a relation: {_some(types)}.",
        )
    source = live_source(definition)
    if source is None:
        raise ConfigurationError(
            f"{name} has no sql_source, so it reads no relation.",
            hint="Purge with --query or --tag.",
        )
    catalog = await load_catalog(pool, [source])
    tags = await _relation_tags(schema, pool, catalog.relation(source, wanted_by=name).sql)
    return tags | {str(row["oid"]) for row in await pool.fetch_bytes(_NAMED, [list(stored)])}


async def word_tags(schema: Schema, pool: Pool, word: str) -> set[str]:
    """Return the tags of a relation or of a label.

    ``label:WORD`` is always a label.

    Raises:
        ConfigurationError: The word is neither.
    """
    if word.startswith(LABEL):
        return {word}
    rows: Any = await pool.fetch_bytes(_NAMED, [[word]])
    if rows:
        (relation,) = await pool.inspect(_QUALIFIED, [rows[0]["oid"]])
        return await _relation_tags(schema, pool, relation["name"])
    labels = await _labels(schema, pool)
    if word in labels:
        return {LABEL + word}
    names = [*labels, *declared_relations(schema)]
    raise ConfigurationError(
        f"{word!r} is neither a relation nor a known label.{suggestion(word, names)}",
        hint=f"Write {LABEL}{word} to purge an unknown label.",
    )


async def query_names(schema: Schema, pool: Pool, *, only: str | None = None) -> list[str]:
    """Return the names of queries whose results may be cached, or one of them.

    Raises:
        ConfigurationError: Results of the query are not cached.
    """
    declared = {query.definition.graphql_name for query in cached_queries(schema)}
    names = sorted(declared | {stats.query for stats in await query_stats(pool.inspect)})
    if only is None:
        return names
    if only in names:
        return [only]
    raise ConfigurationError(
        f"Results of {only!r} are not cached.{suggestion(only, names)}",
        hint=f"Cached: {_some(names)}." if names else "Declare cache=fraiseql.Cache() on it.",
    )


def key_of(text: str) -> bytes:
    """Return the key of its hexadecimal digits.

    Raises:
        ConfigurationError: The text is not a key.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) == KEY_BYTES:
        return key
    raise ConfigurationError(
        f"--key {text!r} does not have {2 * KEY_BYTES} hexadecimal digits.",
        hint="fraiseql cache stats --keys 10 shows some; the view result_cache_entries has all.",
    )


async def _relation_tags(schema: Schema, pool: Pool, relation: str) -> set[str]:
    """Return the tags of all tables that a relation reads, with those of row tags' columns."""
    inspection = await inspect_dependencies(pool.inspect, [relation])
    tables = {table.oid for table in inspection.tables}
    declared = [await load_tags(pool, cache) for cache in caches_of(schema)]
    rows = {row.whole for tags in declared for row in tags.rows if row.oid in tables}
    return {str(oid) for oid in tables} | rows


async def _labels(schema: Schema, pool: Pool) -> set[str]:
    """Return every label that is declared, that an entry has, or that is in the change log."""
    declared = [await load_tags(pool, cache) for cache in caches_of(schema)]
    labels = {label for tags in declared for label in tags.labels}
    for statement in _LABELS:
        # Without a store that is a table, the view of entries does not exist.
        with suppress(SourceError):
            rows: Any = await pool.inspect(statement)
            labels |= {row["tag"] for row in rows}
    return {label.removeprefix(LABEL) for label in labels}


def _some(names: Sequence[str]) -> str:
    shown = sorted(names)[:8]
    return ", ".join(shown) + (", …" if len(names) > len(shown) else "")
