"""Connection pool of result caches, whose connections may write."""

from dataclasses import replace
from typing import Final

from fraiseql.database import Pool, open_pool
from fraiseql.settings import Settings

_STATEMENT_TIMEOUT: Final = 2.0
"""Seconds; a slower cache is of no use."""

_SERVER_SETTINGS: Final = {
    "default_transaction_read_only": "off",
    # Entries can be computed again: no commit waits for the disk.
    "synchronous_commit": "off",
    "lock_timeout": "100ms",
    # Locks and labels of entries rely on a new snapshot for each statement.
    "default_transaction_isolation": "read committed",
    # Planning a look-up takes longer than running it. A plan from when a segment was empty is used
    # when it is full: it must not scan the whole segment.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
}


async def open_check_pool(settings: Settings) -> Pool:
    """Open a pool with the one connection of freshness checks.

    Args:
        settings: As for ``open_cache_pool``, but for ``cache_connections``.

    Raises:
        ConfigurationError, EmbeddedServerError: As ``open_pool``.
    """
    return await open_cache_pool(replace(settings, cache_connections=1))


async def open_cache_pool(settings: Settings) -> Pool:
    """Open the pool for look-ups, fill locks and writes.

    Args:
        settings: ``cache_connections``, ``database_url`` and ``request_timeout`` matter.

    Raises:
        ConfigurationError, EmbeddedServerError: As ``open_pool``.
    """
    # A fill lock is an open transaction. It may last as long as a request, and no longer: a process
    # that hangs must not block others.
    longest = round(2_000 * max(settings.request_timeout, 1.0))
    chosen = replace(
        settings,
        pool_size=max(1, settings.cache_connections),
        statement_timeout=_STATEMENT_TIMEOUT,
    )
    server_settings = {**_SERVER_SETTINGS, "idle_in_transaction_session_timeout": str(longest)}
    return await open_pool(settings.database_url, chosen, server_settings, own_path=True)
