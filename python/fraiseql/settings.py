"""Settings of a running application.

Each is an argument of ``create_app``, or ``FRAISEQL_`` and its upper-case name in the environment.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, Self, get_args

from fraiseql.errors import ConfigurationError
from fraiseql.naming import suggestion

NumberForm = Literal["number", "text"]
"""How responses write BigInt and Decimal."""

TraceLevel = Literal["off", "shapes", "values"]
"""Level of the trace."""

SpanNames = Literal["type", "operation"]
"""Names of OpenTelemetry spans."""

MutationTransaction = Literal["field", "operation"]
"""Scope of the transactions of mutations."""

_PREFIX: Final = "FRAISEQL_"
_NO_SETTINGS: Final = frozenset(
    {"FRAISEQL_EMBEDDED_ISOLATION", "FRAISEQL_SOAK"}
    | {"FRAISEQL_TEST_EXAMPLES", "FRAISEQL_TEST_SECONDS"}
)
"""Variables of the embedded server and of the project's own tests."""

_KUBERNETES: Final = re.compile(
    r"FRAISEQL_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)"
)
"""Variables that Kubernetes sets in every container if a service is called ``fraiseql``."""

_KINDS: Final = {bool: "a switch", int: "a whole number", float: "a number", str: "a text"}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "numbers_as": get_args(NumberForm),
    "trace": get_args(TraceLevel),
    "otel_span_names": get_args(SpanNames),
    "mutation_transaction": get_args(MutationTransaction),
}
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one application.

    Attributes:
        database_url: ``postgresql://…``, or ``embedded:`` for PostgreSQL under ``data_dir``. The
            variable ``DATABASE_URL`` sets it too, if it is a ``postgresql://`` address.
        data_dir: Directory of the embedded PostgreSQL.
        pool_size: Most connections to the database that one process holds; those of the native
            server, three and half as many, are not counted.
        reserved_share: Share of ``pool_size`` that slow statements never use, two connections at
            least, one of a pool of two; 0 reserves none.
        connect_timeout: Seconds to wait for a new connection, and for a free one.
        statement_timeout: Seconds after which PostgreSQL cancels a statement; 0 means no limit.
        request_timeout: Seconds after which a request is answered with an error.
        max_response_bytes: Most bytes that the statements of a request may return, and that its
            response may have.
        header_timeout: Seconds in which a client must send the headers of a request
            (``fraiseql serve``).
        send_timeout: Seconds after which a client that does not read its response is disconnected
            (``fraiseql serve``).
        max_connections: Most open connections of one process (``fraiseql serve``).
        max_unsent_bytes: Most bytes of responses that wait for slow clients in one process
            (``fraiseql serve``).
        native: Whether connections are accepted in Rust, where repeated requests are answered
            without Python (``fraiseql serve``, ``fraiseql demo``).
        max_body_bytes: Most bytes of a request body.
        max_depth: Most levels of nested selections, and of ``and``, ``or``, ``not`` in a filter.
        max_aliases: Most aliased fields in an operation.
        max_document_bytes: Most characters of a document.
        max_tokens: Most tokens in a document.
        max_fields: Most fields that an operation selects, fragments counted where they are used.
        max_input_values: Most items of lists and fields of input objects in a request's variables.
        max_conditions: Most conditions of a filter and terms of an order.
        max_complexity: Most values that an operation may answer, lists counted by the most items
            that they can have, conditions of filters among them.
        max_limit: Most rows that a list field with a ``limit`` argument returns.
        default_limit: Rows of a list field without ``limit``.
        max_embed_items: Most items of an embedded list that is declared without ``limit``; more are
            the error ``LIST_TOO_LONG``.
        document_cache_size: Parsed and planned documents that one process caches.
        document_cache_bytes: Approximate limit of their memory, counted by tokens, fields and
            characters of SQL. An eighth as much is the limit of the plans of the native server.
        prepared_bytes: Most bytes of SQL that stay prepared on one connection; PostgreSQL takes
            about a hundred times as much memory for them.
        role_required: Whether a request without a role is refused.
        allow_login_role: Whether a request may name the role that the application logs in as.
        numbers_as: How responses write BigInt and Decimal: ``number`` is a JSON number, ``text`` a
            JSON string, which clients in JavaScript read with all its digits.
        mutation_transaction: Scope of the transactions of mutations: a root ``field`` or the
            whole ``operation``, where one error undoes all.
        changed_types: Whether responses of mutations name the types that they wrote, in
            ``extensions.fraiseql.changed``.
        introspection: Whether ``__schema`` and ``__type`` are answered.
        worker: Whether each process also refreshes views and does other background work.
        cache: Whether result caches are used.
        code_version: Version of the application, such as the hash of a commit: cached answers of
            another version are not used. For changes that the digest of the code does not see.
        cache_max_bytes: Most bytes that each result cache of the database takes.
        cache_max_entry_bytes: Largest value that is cached.
        cache_connections: Most connections of the result caches' own pool.
        memory_max_bytes: Most bytes of cached answers that one process has in memory; 0 for none.
        check_interval: Seconds between two freshness checks of the answers in memory; 0.0001 saves
            CPU of PostgreSQL under many requests, and each hit waits longer by up to that.
        redis_url: ``redis://…`` of the server for ``store="redis"``.
        cache_secret: Secret that authenticates entries in Redis, of 32 characters at least; if not
            set, ``fraiseql db apply`` makes one in the database.
        doctor_ignore: Faults that ``fraiseql doctor`` leaves out: ``CODE`` or ``CODE:OBJECT``,
            separated by commas.
        trace: Records of operations: ``shapes`` counts and times their statements, without
            values; ``values`` also stores samples of parameters, which may be personal data;
            ``off`` records nothing.
        trace_retention: Age at which records of the trace are removed, such as ``7d``.
        trace_rate: Share of the requests whose statements are recorded, from 0 to 1.
        trace_samples: Samples of parameters of one statement and day, with ``trace="values"``.
        otel: Whether OpenTelemetry spans and metrics are made, for the SDK that the application has
            set; needs ``fraiseql[otel]``.
        otel_span_names: Names of the spans of requests: ``type`` (``query``) or ``operation``
            (``query Users``), which clients choose.
        otel_documents: Whether spans have the text of documents, without values.
        metrics: Whether ``/metrics`` is answered.
        graphiql: Whether browsers get GraphiQL at ``/graphql``.
        ops: Whether the ops page is at ``/fraiseql``, for requests of this machine unless
            ``ops_allowed`` of ``create_app`` says otherwise; ``fraiseql dev`` turns it on.
        debug: Whether clients see internal errors. Never in production.
    """

    database_url: str = "embedded:"
    data_dir: str = ".fraiseql"
    pool_size: int = 10
    reserved_share: float = 0.25
    connect_timeout: float = 10.0
    statement_timeout: float = 15.0
    request_timeout: float = 30.0
    max_response_bytes: int = 67_108_864
    header_timeout: float = 10.0
    send_timeout: float = 30.0
    max_connections: int = 1_000
    max_unsent_bytes: int = 268_435_456
    native: bool = True
    max_body_bytes: int = 1_000_000
    max_depth: int = 15
    max_aliases: int = 50
    max_document_bytes: int = 100_000
    max_tokens: int = 2_500
    max_fields: int = 2_000
    max_input_values: int = 10_000
    max_conditions: int = 500
    max_complexity: int = 1_000_000
    max_limit: int = 1_000
    default_limit: int = 100
    max_embed_items: int = 1_000
    document_cache_size: int = 1_000
    document_cache_bytes: int = 134_217_728
    prepared_bytes: int = 262_144
    role_required: bool = False
    allow_login_role: bool = False
    numbers_as: NumberForm = "number"
    mutation_transaction: MutationTransaction = "field"
    changed_types: bool = False
    introspection: bool = True
    worker: bool = True
    cache: bool = True
    code_version: str = ""
    cache_max_bytes: int = 268_435_456
    cache_max_entry_bytes: int = 1_000_000
    cache_connections: int = 4
    memory_max_bytes: int = 67_108_864
    check_interval: float = 0.0
    redis_url: str = ""
    cache_secret: str = ""
    doctor_ignore: str = ""
    trace: TraceLevel = "shapes"
    trace_retention: str = "7d"
    trace_rate: float = 1.0
    trace_samples: int = 20
    otel: bool = False
    otel_span_names: SpanNames = "type"
    otel_documents: bool = False
    metrics: bool = True
    graphiql: bool = True
    ops: bool = False
    debug: bool = False

    @property
    def native_plan_bytes(self) -> int:
        """Most bytes of the descriptions of native plans."""
        return self.document_cache_bytes // 8

    def with_values(self, **values: Any) -> Self:
        """Return a copy with other values; None leaves a setting as it is.

        Args:
            values: Settings by name.

        Raises:
            ConfigurationError: A name is not a setting, or a value is of another type than it.
        """
        names = {field.name for field in fields(self)}
        for name in values:
            if name not in names:
                raise ConfigurationError(f"There is no setting {name!r}.{suggestion(name, names)}")
        for field in fields(self):
            value = values.get(field.name)
            _check_kind(field.name, type(field.default), value)
            _check_choice(f"The setting {field.name}", field.name, value)
        return replace(self, **{name: value for name, value in values.items() if value is not None})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``FRAISEQL_*`` variables over the defaults.

        Raises:
            ConfigurationError: A value has the wrong form, or a variable ``FRAISEQL_…`` is not a
                setting.
        """
        source = os.environ if environment is None else environment
        _refuse_unknown(source, [_PREFIX + field.name.upper() for field in fields(cls)])
        values = {}
        for field in fields(cls):
            variable = _PREFIX + field.name.upper()
            text = source.get(variable)
            if text is not None:
                values[field.name] = _parse(field.name, type(field.default), text)
                _check_choice(variable, field.name, values[field.name])
        usual = _usual_address(source)
        if usual is not None:
            values.setdefault("database_url", usual)
        return cls(**values)


def _usual_address(source: Mapping[str, str]) -> str | None:
    """Return ``DATABASE_URL`` if it is a PostgreSQL address, without the name of a driver."""
    scheme, colon, rest = source.get("DATABASE_URL", "").partition(":")
    name = scheme.partition("+")[0]
    return f"{name}:{rest}" if colon and name in ("postgres", "postgresql") else None


def _refuse_unknown(source: Mapping[str, str], names: list[str]) -> None:
    for name in source:
        known = name in names or name in _NO_SETTINGS or _KUBERNETES.fullmatch(name)
        if name.startswith(_PREFIX) and not known:
            raise ConfigurationError(
                f"The environment has {name}, which is not a setting.{suggestion(name, names)}",
                hint="Correct its name, or unset it; docs/reference/settings.md lists all.",
            )


def _check_kind(name: str, kind: type, value: object) -> None:
    if value is None:
        return
    fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
    if not fits or (kind is not bool and isinstance(value, bool)):
        expected = "True or False" if kind is bool else _KINDS[kind]
        raise ConfigurationError(
            f"The setting {name} is {value!r}, of type {type(value).__name__}.",
            hint=f"Give {expected}.",
        )


def _check_choice(what: str, name: str, value: object) -> None:
    choices = _CHOICES.get(name, ())
    if choices and value is not None and value not in choices:
        allowed = " or ".join(map(repr, choices))
        raise ConfigurationError(f"{what} is {value!r}.", hint=f"Write {allowed}.")


def _parse(name: str, kind: type, text: str) -> Any:
    lowered = text.strip().lower()
    if kind is bool and lowered in _TRUE | _FALSE:
        return lowered in _TRUE
    try:
        if kind is not bool:
            return kind(text)
    except ValueError:
        pass
    raise ConfigurationError(
        f"FRAISEQL_{name.upper()} is {text!r}, which is not {_KINDS[kind]}.",
        hint="For a switch write 'on' or 'off'." if kind is bool else "Write a plain number.",
    )
