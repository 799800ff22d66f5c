"""``fraiseql cache``: statistics, invalidation and cleaning of result caches."""

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final

from fraiseql.caching.ddl.desired_state import document_relations, load_desired_state
from fraiseql.caching.results.admin.clean import clean
from fraiseql.caching.results.admin.purge import Purged, purge_key, purge_queries, purge_tags
from fraiseql.caching.results.admin.purge_targets import key_of, query_names, type_tags, word_tags
from fraiseql.caching.results.admin.reports import QueryStats, log_stats, query_stats, top_keys
from fraiseql.caching.results.declared import caches_of
from fraiseql.caching.results.stores.installed import InstalledStores, open_installed_stores
from fraiseql.cli.output import note, say, say_json, table_line
from fraiseql.cli.registry import add_command
from fraiseql.cli.target import add_target, find_target
from fraiseql.database.writing import open_admin
from fraiseql.errors import ConfigurationError
from fraiseql.schema.cache import seconds
from fraiseql.serving import Service

_HEADS: Final = ("query", "hits", "missed", "stale", "bypassed", "ratio", "saved s", "stored")
_WIDTHS: Final = (28, 10, 9, 9, 9, 7, 10, 9)

_SELECTORS: Final = ("type", "tag", "key", "query", "all")

Work = Callable[[InstalledStores, Service, Namespace], Awaitable[int]]


def add_to(commands: Any) -> None:
    """Add the group of commands."""
    group = add_command(commands, "cache")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    stats = _add(inner, "stats", _stats, "show the statistics of each query and the size of stores")
    stats.add_argument(
        "--keys", type=int, default=0, metavar="N", help="also the N keys with the most hits"
    )
    purge = _add(inner, "purge", _purge, "invalidate results; exactly one option selects them")
    purge.add_argument("--type", metavar="NAME", help="results that read the tables of a type")
    purge.add_argument(
        "--tag", metavar="WORD", help="results that read a relation, or have a label"
    )
    purge.add_argument("--key", metavar="HEX", help="one entry, by its key")
    purge.add_argument("--query", metavar="NAME", help="all results of one query")
    purge.add_argument("--all", action="store_true", help="everything, in every store")
    _add(
        inner, "clean", _clean, "remove unusable entries and reclaim their space; safe at any time"
    )


def _add(inner: Any, name: str, work: Work, text: str) -> ArgumentParser:
    parser: ArgumentParser = inner.add_parser(name, help=text)
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda arguments: _run(arguments, work))
    return parser


def _run(arguments: Namespace, work: Work) -> int:
    if work is _purge:
        _check_selector(arguments)
    service = find_target(arguments.app).service()
    return asyncio.run(_opened(service, work, arguments))


async def _opened(service: Service, work: Work, arguments: Namespace) -> int:
    async with open_installed_stores(service.settings) as caches:
        return await work(caches, service, arguments)


# Stats.


async def _stats(stores_of: InstalledStores, service: Service, arguments: Namespace) -> int:
    if arguments.keys < 0:
        raise ConfigurationError("--keys must be 0 or more.")
    read = stores_of.pool.inspect
    queries = await query_stats(read)
    stores = [await _store_facts(store, service) for store in stores_of.stores]
    log = await log_stats(read)
    keys = [dict(row) for row in await top_keys(read, arguments.keys)] if arguments.keys else []
    if arguments.json:
        counted = [_query_facts(store) for store in queries]
        say_json({"queries": counted, "stores": stores, "keys": keys, "log": log})
        return 0
    _say_queries(queries)
    for store in stores:
        bound = f" of at most {store['max_bytes']:,}" if store["max_bytes"] else ""
        say(f"{store['store']}: {store['entries']:,} entries, {store['bytes']:,} bytes{bound}")
    forced = f"; {log['forced']:,} were lost under long transactions" if log["forced"] else ""
    say(f"change log: {log['rows']:,} rows{forced}")
    for key in keys:
        say(f"{key['key']}  {key['query']}  {key['hits']:,} hits")
    return 0


async def _store_facts(store: Any, service: Service) -> dict[str, Any]:
    entries, size = await store.size()
    bound = None if store.name == "redis" else service.settings.cache_max_bytes
    return {"store": store.name, "entries": entries, "bytes": size, "max_bytes": bound}


def _query_facts(stats: QueryStats) -> dict[str, Any]:
    facts = {
        "query": stats.query,
        **stats.sums,
        "oldest_hit_seconds": stats.oldest,
        "ratio": stats.ratio,
    }
    facts["mean_age_seconds"] = (
        stats.sums["age"] / stats.sums["hits"] if stats.sums["hits"] else None
    )
    return facts | {"reasons": dict(stats.reasons), "events": dict(stats.events)}


def _say_queries(queries: list[QueryStats]) -> None:
    if not queries:
        say("No statistics yet; processes write them every ten seconds.")
        return
    say(table_line(_HEADS, _WIDTHS))
    for stats in queries:
        sums = stats.sums
        ratio = "-" if stats.ratio is None else f"{stats.ratio:.1%}"
        counted = [f"{sums[name]:,}" for name in ("hits", "misses", "stale", "bypassed")]
        saved = f"{sums['saved_ms'] / 1_000:,.1f}"
        cells = (stats.query, *counted, ratio, saved, f"{sums['stored']:,}")
        say(table_line(cells, _WIDTHS))
        for title, words in (("no hit", stats.reasons), ("also", stats.events)):
            if words:
                listed = ", ".join(f"{word} {count:,}" for word, count in sorted(words.items()))
                say(f"  {title}: {listed}")


# Purge.


def _check_selector(arguments: Namespace) -> None:
    selectors = [name for name in _SELECTORS if getattr(arguments, name)]
    if len(selectors) != 1:
        said = " and ".join(f"--{name}" for name in selectors) or "no selector"
        raise ConfigurationError(
            f"purge has {said}.",
            hint="Pass exactly one of --type, --tag, --key, --query and --all.",
        )
    if arguments.key:
        key_of(arguments.key)


async def _purge(caches: InstalledStores, service: Service, arguments: Namespace) -> int:
    purged = await _purged(caches, service, arguments)
    if arguments.json:
        say_json(asdict(purged))
        return 0
    if purged.entries is None:
        say("Done; only the stores know how many entries this invalidates.")
    else:
        say(f"{purged.entries:,} entr{'y' if purged.entries == 1 else 'ies'} invalidated.")
    if purged.tags:
        note(f"written to the change log: {', '.join(purged.tags)}")
    return 0


async def _purged(caches: InstalledStores, service: Service, arguments: Namespace) -> Purged:
    schema, pool = service.schema, caches.pool
    if arguments.type or arguments.tag:
        if arguments.type:
            stored = document_relations(await load_desired_state(schema, pool), arguments.type)
            tags = await type_tags(schema, pool, arguments.type, stored)
        else:
            tags = await word_tags(schema, pool, arguments.tag)
        async with open_admin(pool) as writer:
            return await purge_tags(writer, tags)
    async with open_admin(pool) as writer:
        if arguments.key:
            patience = 60.0 + 2 * service.settings.request_timeout
            return await purge_key(writer, caches.stores, key_of(arguments.key), patience)
        names = await query_names(schema, pool, only=arguments.query)
        return await purge_queries(writer, caches.stores, names, whole=arguments.all)


# Clean.


async def _clean(caches: InstalledStores, service: Service, arguments: Namespace) -> int:
    declared = [cache.stale for cache in caches_of(service.schema) if cache.stale is not None]
    stale = max((seconds("stale", cache) for cache in declared), default=0.0)
    async with open_admin(caches.pool) as writer:
        cleaned = await clean(writer, list(caches.tables), stale)
    if arguments.json:
        say_json(asdict(cleaned))
        return 0
    tables = f"{cleaned.segments} table{'' if cleaned.segments == 1 else 's'}"
    say(f"{cleaned.size:,} bytes freed: {tables} removed, which held no usable entry.")
    say(f"{cleaned.logged:,} rows of the change log removed.")
    if cleaned.folded:
        say(f"{cleaned.folded:,} rows of ended processes merged into one.")
    return 0
