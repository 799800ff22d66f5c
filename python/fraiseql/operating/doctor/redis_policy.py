"""Diagnosis of the Redis server of result caches."""

from importlib import import_module
from typing import Any, Final

from fraiseql.caching.results.stores.transient_errors import StoreUnavailable
from fraiseql.operating.doctor.fault import SHELL, Diagnosis
from fraiseql.operating.doctor.faults.declared import FAULTS
from fraiseql.operating.doctor.visibility import NotSeen

_CODE: Final = "REDIS_POLICY"
_FAULT: Final = next(fault for fault in FAULTS if fault.code == _CODE)
_COMMAND: Final = f"{SHELL}redis-cli CONFIG SET maxmemory-policy"
_UNREADABLE: Final = "Redis cannot be reached, or its user may not CONFIG GET"


async def redis_diagnoses(url: str) -> tuple[list[Diagnosis], list[NotSeen]]:
    """Return the diagnosis of a server that refuses writes when it is full.

    Args:
        url: Its address; empty without one.

    Raises:
        ConfigurationError: The address cannot be used.
    """
    if not url:
        return [], []
    try:
        # The client is an extra.
        module: Any = import_module("fraiseql.caching.results.stores.redis.memory_limit")
        limit = await module.memory_limit(url)
    except ModuleNotFoundError:
        return [], [NotSeen(_CODE, "the Redis client is not installed")]
    except StoreUnavailable:
        return [], [NotSeen(_CODE, _UNREADABLE)]
    if not limit.bytes or limit.policy != "noeviction":
        return [], []
    evidence = {"maxmemory": limit.bytes, "maxmemory_policy": limit.policy}
    command, undo = f"{_COMMAND} volatile-lru", f"{_COMMAND} noeviction"
    return [Diagnosis(_FAULT, "redis", _FAULT.severity, evidence, (command,), (undo,))], []
