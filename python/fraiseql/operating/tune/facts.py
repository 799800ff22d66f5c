"""Facts about a server and its machine, asked of the server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.server_machine import read_server_files, server_machine
from fraiseql.operating.tune.storage import StorageKind, server_storage
from fraiseql.operating.tune.values import ServerSetting, server_setting
from fraiseql.sizing.machine import Machine
from fraiseql.sizing.sizes import EMBEDDED_SHARE
from fraiseql.sql_files import load_sql

Profile = Literal["api", "mixed", "reporting"]
PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)

_SQL: Final = load_sql(__name__)
_CLOCK: Final = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
_SINCE_CHECKPOINTER: Final = 17
_EXTRA_CONNECTIONS: Final = 5
"""Connections that are in no pool: a worker, monitors, a person with psql."""

_PROVIDERS: Final[Mapping[str, str]] = {
    "rds.": "rds",
    "cloudsql.": "cloudsql",
    "azure.": "azure",
    "neon.": "neon",
    "alloydb.": "alloydb",
}
"""Managed services, by the beginning of the names of their own settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Inputs from the user; None asks the server.

    Attributes:
        memory: Bytes of memory.
        cpus: Processors.
        share: Share of the memory for PostgreSQL, above 0 and up to 1.
        storage: Kind of the disks.
        profile: Kind of the load.
        connections: Connections of all processes of the application.
        embedded: Whether this is the embedded server of the application.
        free_disk: Free bytes of the disk of the write-ahead log; None if unknown.
    """

    memory: int | None = None
    cpus: int | None = None
    share: float | None = None
    storage: StorageKind | None = None
    profile: Profile = "api"
    connections: int | None = None
    embedded: bool = False
    free_disk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Inputs of the formulas.

    Attributes:
        role: Role of the connection.
        version: Version of the server, such as ``18.6``.
        major: Its first number.
        settings: The settings of the server by name.
        machine: The machine as the server sees it; None if it could not be read.
        memory: Bytes of memory for PostgreSQL: of the machine, times ``share``.
        machine_memory: Bytes of memory before that.
        memory_source: File or option that says so.
        share: Share of the memory for PostgreSQL.
        cpus: Processors; None if unknown.
        cpus_source: File or option that says so.
        storage: Kind of the disks; None if unknown.
        storage_source: Where that comes from.
        clock: Name of the clock of the server's kernel; empty if unknown.
        database_bytes: Size of all databases that the role may enter.
        connections: Connections of the application, and a few more.
        profile: Kind of the load.
        statistics: Counters of the server, by name.
        extensions: Libraries that could be loaded at start.
        provider: Managed service; empty for none.
        altered: Values in ``postgresql.auto.conf``, by name; empty if the role may not see them.
        embedded: Whether this is the embedded server.
        free_disk: Free bytes of the disk; None if unknown.
        may_reload: Whether the role may reload the configuration.
        data_directory: Directory of the data; empty if the role may not see it.
    """

    role: str
    version: str
    major: int
    settings: Mapping[str, ServerSetting]
    machine: Machine | None = None
    memory: int
    machine_memory: int
    memory_source: str
    share: float = 1.0
    cpus: int | None = None
    cpus_source: str = ""
    storage: StorageKind | None = None
    storage_source: str = ""
    clock: str = ""
    database_bytes: int
    connections: int
    profile: Profile = "api"
    statistics: Mapping[str, Any] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    provider: str = ""
    altered: Mapping[str, str] = field(default_factory=dict)
    embedded: bool = False
    free_disk: int | None = None
    may_reload: bool = True
    data_directory: str = ""

    def number(self, name: str) -> float:
        """Return the value of a setting that is a number."""
        value = self.settings[name].value
        return 0.0 if isinstance(value, str) else float(value)


async def load_facts(pool: Pool, overrides: Overrides, pool_connections: int) -> Facts:
    """Ask the server for all inputs.

    Args:
        pool: Connections to it.
        overrides: Inputs from the user.
        pool_connections: Most connections of one process of the application.

    Raises:
        ConfigurationError: The memory is unknown: ``NOT_SUPERUSER`` if the role may not read it.
        DatabaseError: The database cannot be reached.
    """
    (server,) = await pool.inspect(_SQL["server"].text)
    settings = await load_settings(pool)
    evidence = "evidence_17" if server["major"] >= _SINCE_CHECKPOINTER else "evidence"
    (statistics,) = await pool.inspect(_SQL[evidence].text)
    machine = await server_machine(pool) if server["reads_files"] else None
    memory, memory_source = _memory(machine, overrides, dict(server))
    share = overrides.share or (EMBEDDED_SHARE if overrides.embedded else 1.0)
    storage, storage_source = overrides.storage, "--storage"
    if storage is None and server["reads_files"] and server["data_directory"]:
        storage, storage_source = await server_storage(pool, server["data_directory"])
    return Facts(
        role=server["role"],
        version=server["version"],
        major=server["major"],
        settings=settings,
        machine=machine,
        memory=int(memory * share),
        machine_memory=memory,
        memory_source=memory_source,
        share=share,
        cpus=overrides.cpus or (machine.cpus if machine else None),
        cpus_source="--cpus" if overrides.cpus else (machine.cpus_source if machine else ""),
        storage=storage,
        storage_source=storage_source,
        clock=await _clock(pool) if server["reads_files"] else "",
        database_bytes=server["database_bytes"] or 0,
        connections=(overrides.connections or pool_connections) + _EXTRA_CONNECTIONS,
        profile=overrides.profile,
        statistics=dict(statistics),
        extensions=tuple(server["extensions"]),
        provider=_provider(settings),
        altered=await altered_settings(pool) if server["reads_file_settings"] else {},
        embedded=overrides.embedded,
        free_disk=overrides.free_disk,
        may_reload=server["may_reload"],
        data_directory=server["data_directory"] or "",
    )


def _memory(
    machine: Machine | None, overrides: Overrides, server: Mapping[str, Any]
) -> tuple[int, str]:
    if overrides.memory is not None:
        return overrides.memory, "--memory"
    if machine is not None:
        return machine.memory, machine.memory_source
    if server["reads_files"]:
        raise ConfigurationError(
            "The server does not say how much memory its machine has: it is not Linux.",
            hint="Pass it: --memory 16GB.",
            code="TUNE_REFUSED",
        )
    raise ConfigurationError(
        f"Role {server['role']} may not read the memory of the server's machine.",
        hint="One of three: pass it (--memory 16GB); run the command as a superuser"
        f" (DATABASE_URL=…); or have one run: GRANT pg_read_server_files TO {server['role']};"
        " GRANT EXECUTE ON FUNCTION pg_read_file(text, bigint, bigint, boolean)"
        f" TO {server['role']}.",
        code="NOT_SUPERUSER",
    )


async def load_settings(pool: Pool) -> dict[str, ServerSetting]:
    """Return the settings of the server that the role may see, by name.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    rows = await pool.inspect(_SQL["settings"].text)
    return {row["name"]: server_setting(dict(row)) for row in rows}


async def altered_settings(pool: Pool) -> dict[str, str]:
    """Return the values in ``postgresql.auto.conf``, by name.

    Raises:
        DatabaseError: The role may not see them, or the database cannot be reached.
    """
    rows = await pool.inspect(_SQL["alter_system"].text)
    return {row["name"]: row["setting"] for row in rows}


async def _clock(pool: Pool) -> str:
    return ((await read_server_files(pool, [_CLOCK]))[_CLOCK] or "").strip()


def _provider(settings: Mapping[str, ServerSetting]) -> str:
    for prefix, name in _PROVIDERS.items():
        if any(each.startswith(prefix) for each in settings):
            return name
    return ""
