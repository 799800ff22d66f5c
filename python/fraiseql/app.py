"""ASGI application, composed of serving, caching and HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fraiseql.caching.ddl.bootstrap import create_missing_tables
from fraiseql.caching.declared import check_stored
from fraiseql.caching.read_sources import read_sources
from fraiseql.caching.refresh.worker import Worker
from fraiseql.caching.results.caches import ResultCaches
from fraiseql.caching.results.native_hits import NativeHits
from fraiseql.events import Events
from fraiseql.http.context import ContextHook, check_mount
from fraiseql.http.endpoint import Application
from fraiseql.http.lifecycle import Startable
from fraiseql.http.probes import MetricSource
from fraiseql.http.served import Around
from fraiseql.native import Engine, Hits
from fraiseql.operating.metrics.database import DatabaseMetrics
from fraiseql.operating.metrics.findings import finding_metrics
from fraiseql.operating.metrics.operations import operation_lines
from fraiseql.operating.ops.access import OpsHook
from fraiseql.operating.ops.page import OpsPage, check_ops
from fraiseql.operating.ops.tabs import Tabs
from fraiseql.operating.telemetry.loading import telemetry
from fraiseql.operating.trace.counters import CLASSES
from fraiseql.operating.trace.flush import Flusher
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.schema import Schema, build_schema
from fraiseql.schema.cache import Cache
from fraiseql.schema.options import listed
from fraiseql.serving import Service
from fraiseql.serving.preparation.policy import Policy, read_policy
from fraiseql.settings import Settings


def create_app(
    *,
    types: Sequence[Any] = (),
    queries: Sequence[Any] = (),
    mutations: Sequence[Any] = (),
    database_url: str | None = None,
    context: ContextHook | None = None,
    path: str = "/graphql",
    graphiql_query: str = "",
    cached_operations: Mapping[str, Any] | Policy | None = None,
    ops_allowed: OpsHook | None = None,
    **settings: Any,
) -> Application:
    """Make an ASGI application that serves the declared types, queries and mutations.

    Args:
        types: Declared types that no query names, such as members of an interface.
        queries: Functions under ``@fraiseql.query``, and what ``find`` and ``find_one`` return.
        mutations: Functions under ``@fraiseql.mutation``.
        database_url: ``postgresql://…``; ``embedded:`` (the default) starts PostgreSQL under
            ``.fraiseql/``.
        context: ``(request) -> mapping``, sync or async: adds to ``info.context``. Its ``role`` and
            ``session`` entries are the role and session variables that statements run under.
        path: Where GraphQL is served.
        graphiql_query: Initial text of GraphiQL's editor.
        cached_operations: Operations whose root fields are cached without a ``cache`` of their
            own: ``fraiseql.Cache(…)`` by an operation's name, or by ``sha256:`` and the hexadecimal
            digest of a document's text; or a function ``(name, document) -> Cache | None``,
            called once for each document.
        ops_allowed: ``(request) -> bool``, sync or async: who may read the page ``/fraiseql`` and
            purge caches, where ``ops`` is on. None allows requests of this machine only.
        settings: Any other setting by name, over ``FRAISEQL_*`` in the environment.

    Raises:
        DeclarationError: A declaration cannot be served as it is written.
        ConfigurationError: A setting is unknown or has the wrong form.

    Example:
        ``app = fraiseql.create_app(queries=[user, users])``, then ``uvicorn module:app``.
    """
    check_mount(path, context)
    check_ops(path, ops_allowed)
    chosen = Settings.from_environment().with_values(database_url=database_url, **settings)
    policy = read_policy(cached_operations)
    lists = {"types": types, "queries": queries, "mutations": mutations}
    schema = _schema(lists, _caches(cached_operations), chosen)
    results = ResultCaches(chosen, create_missing_tables)
    recorder = _recorder(chosen)
    events, around = (recorder, None) if recorder is None else _receivers(recorder, chosen)
    service = Service(schema, chosen, read_sources, results, policy=policy, events=events)
    background: list[Startable] = [Worker(service.schema, chosen)] if chosen.worker else []
    metrics = [] if recorder is None else _observe(service, recorder, background)
    page = _page(service, recorder, results, ops_allowed)
    background += [] if page is None else [page]
    return Application(
        service,
        chosen,
        path=path,
        context=context,
        graphiql_query=graphiql_query,
        background=background,
        metrics=metrics,
        around=around,
        page=page,
        native=partial(_native_answers, results, recorder, chosen),
    )


def _page(
    service: Service, recorder: Recorder | None, results: ResultCaches, allowed: OpsHook | None
) -> OpsPage | None:
    """Return the page ``/fraiseql``; None where it is off."""
    if recorder is None or not service.settings.ops:
        return None
    return OpsPage(Tabs(service, recorder, results), allowed)


def _native_answers(
    results: ResultCaches, recorder: Recorder | None, settings: Settings, engine: Engine
) -> NativeHits:
    """Have a native server repeat exact responses, and count them."""
    native = NativeHits(Hits(engine), lambda: results.runtime, settings, CLASSES)
    results.native, results.counters.before_reading = native, native.drain
    if recorder is not None:
        recorder.before_reading.append(native.drain)
    return native


def _schema(
    lists: Mapping[str, Sequence[Any]], caches: tuple[Any, ...], settings: Settings
) -> Schema:
    """Return the checked declarations."""
    declared = {name: listed(name, values) for name, values in lists.items()}
    schema = build_schema(**declared, numbers_as=settings.numbers_as)
    check_stored(schema)
    return replace(schema, operation_caches=caches, traced=settings.trace != "off")


def _recorder(settings: Settings) -> Recorder | None:
    """Return the receiver of events that counts them, if anything reads its counts."""
    read = settings.metrics or settings.otel or settings.ops
    return Recorder(settings) if read or settings.trace != "off" else None


def _receivers(recorder: Recorder, settings: Settings) -> tuple[Events, Around | None]:
    """Return the receiver of events, and the function around requests."""
    return telemetry(recorder, settings) if settings.otel else (recorder, None)


def _observe(
    service: Service, recorder: Recorder, background: list[Startable]
) -> list[MetricSource]:
    """Add the work that writes the trace; return the metrics that the service does not have."""
    settings = service.settings
    recorder.before_reading.append(service.native.drain)
    if settings.trace != "off":
        background.append(Flusher(recorder, settings, lambda: service.pool))
    if not settings.metrics:
        return []
    stored = DatabaseMetrics(service.schema, lambda: service.pool)
    findings = finding_metrics(service.schema, settings, lambda: service.pool)
    background += [stored, findings]
    return [partial(operation_lines, recorder), stored.lines, findings.lines]


def _caches(operations: Mapping[str, Any] | Policy | None) -> tuple[Any, ...]:
    """Return the caches of whole operations; for a function, the default one."""
    if callable(operations):
        return (Cache(),)
    return tuple((operations or {}).values())
