"""Tabs of the ops page over a running service."""

import sys
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from fraiseql.caching.results.admin.purge import purge_queries
from fraiseql.caching.results.admin.purge_targets import query_names
from fraiseql.caching.results.caches import ResultCaches
from fraiseql.caching.results.stores.installed import open_installed_stores
from fraiseql.database.writing import open_admin
from fraiseql.http.endpoint import Application
from fraiseql.operating.ops.advice import advice_contents
from fraiseql.operating.ops.caches import cache_contents
from fraiseql.operating.ops.database import database_contents
from fraiseql.operating.ops.details import operation_details, statement_plan
from fraiseql.operating.ops.fields import FieldUse
from fraiseql.operating.ops.findings import finding_contents
from fraiseql.operating.ops.operations import OperationCosts
from fraiseql.operating.ops.reading import TabReading
from fraiseql.operating.ops.stored import stored_contents
from fraiseql.operating.ops.tables import TabContents
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.serving import Service

_OFTEN: Final = 4.5
"""Seconds between two readings that cost little; the page asks every five."""

_SOMETIMES: Final = 15.0
_RARELY: Final = 300.0
_SCRIPTS: Final = frozenset({"__main__", "__mp_main__"})
_PLACEHOLDER: Final = "APP"
_names: Final[WeakKeyDictionary[object, str]] = WeakKeyDictionary()


class Tabs:
    """Readings of all tabs.

    Args:
        service: The service.
        recorder: Counts of this process.
        results: Its result caches.

    Attributes:
        readings: One reading for each tab, in the order of the page.
    """

    def __init__(self, service: Service, recorder: Recorder, results: ResultCaches) -> None:
        self._service = service
        self._results = results
        writes = service.settings.trace != "off"
        self._costs = OperationCosts(recorder, lambda: service.pool, writes_trace=writes)
        graphql = service.schema.graphql
        fields = FieldUse(graphql, recorder, lambda: service.pool, writes_trace=writes)
        self.readings: Sequence[TabReading] = (
            TabReading("operations", "Operations", _OFTEN, self._costs.contents),
            TabReading("caches", "Caches", _OFTEN, self._caches),
            TabReading("stored", "Stored documents", _SOMETIMES, self._stored),
            TabReading("database", "Database", _SOMETIMES, self._database),
            TabReading("doctor", "Doctor", _RARELY, self._doctor),
            TabReading("advice", "Advice", _OFTEN, self._advice),
            TabReading("fields", "Fields in use", _RARELY, fields.contents),
        )

    async def operation(self, name: str) -> dict[str, Any] | None:
        """Return the details of an operation; None if the last reading does not have it."""
        pool = self._service.pool
        return await operation_details(self._costs.trace, name, pool, self._app)

    async def plan(self, name: str) -> dict[str, Any] | None:
        """Return the plan of a statement; None if the last reading does not have it."""
        return await statement_plan(self._costs.trace, name, self._service.pool)

    async def purge(self, query: str) -> int | None:
        """Invalidate the cached results of a query; return the number of entries.

        Raises:
            ConfigurationError: The query does not exist, or nothing is cached.
            DatabaseError: The role may not do it.
        """
        service = self._service
        async with open_installed_stores(service.settings) as caches:
            names = await query_names(service.schema, caches.pool, only=query)
            async with open_admin(caches.pool) as writer:
                purged = await purge_queries(writer, caches.stores, names, whole=False)
        for reading in self.readings:
            if reading.name == "caches":
                reading.expire()
        return purged.entries

    @property
    def _app(self) -> str:
        return application_name(self._service)

    async def _caches(self) -> TabContents:
        return await cache_contents(self._service, self._results.counters)

    async def _stored(self) -> TabContents:
        return await stored_contents(self._service.schema, self._service.pool, self._app)

    async def _database(self) -> TabContents:
        return await database_contents(self._service.pool)

    async def _doctor(self) -> TabContents:
        service = self._service
        return await finding_contents(service.schema, service.settings, service.pool, self._app)

    async def _advice(self) -> TabContents:
        return await advice_contents(self._service.settings.data_dir, self._app)


def name_application(service: object, name: str) -> None:
    """Use a name in commands for an application that is in no module.

    Args:
        service: Its service.
        name: ``module:attribute`` of the same application for other processes.
    """
    _names[service] = name


def application_name(service: Service) -> str:
    """Return ``module:attribute`` of the application of a service; ``APP`` if no module has it."""
    for name, module in list(sys.modules.items()):
        for attribute, value in list(vars(module).items()) if name not in _SCRIPTS else ():
            if type(value) is Application and value.service is service:
                return f"{name}:{attribute}"
    return _names.get(service, _PLACEHOLDER)
