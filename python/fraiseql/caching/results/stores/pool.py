"""Pool: the connections that result caches have of their own; they may write."""

from dataclasses import replace
from typing import Final

from fraiseql.database import Pool, open_pool
from fraiseql.settings import Settings

_STATEMENT_TIMEOUT: Final = 2.0
"""Seconds; a cache that answers no sooner is of no use."""

_SERVER_SETTINGS: Final = {
    "default_transaction_read_only": "off",
    # What is kept can be computed again: no commit waits for the disk.
    "synchronous_commit": "off",
    "lock_timeout": "100ms",
    # Locks and labels of entries depend on that each statement has a snapshot of its own.
    "default_transaction_isolation": "read committed",
    # Planning a look-up takes longer than running it. A plan that was made while a segment was
    # empty is used when it is full: it must not read all of it.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
}


async def open_cache_pool(settings: Settings) -> Pool:
    """Make the pool that result caches look up, lead and fill with.

    Args:
        settings: ``cache_connections``, ``database_url`` and ``request_timeout`` count.

    Raises:
        ConfigurationError, EmbeddedServerError: As ``open_pool``.
    """
    # Who computes holds a transaction open for as long as a request may take, and not for ever:
    # a process that hangs must not keep others from computing.
    most = round(2_000 * max(settings.request_timeout, 1.0))
    chosen = replace(
        settings,
        pool_size=max(1, settings.cache_connections),
        statement_timeout=_STATEMENT_TIMEOUT,
    )
    server_settings = {**_SERVER_SETTINGS, "idle_in_transaction_session_timeout": str(most)}
    return await open_pool(settings.database_url, chosen, server_settings, own_path=True)
