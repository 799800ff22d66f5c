"""Parsing and checks of database addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from fraiseql.errors import ConfigurationError
from fraiseql.naming import suggestion
from fraiseql.settings import Settings

_SCHEMES = ("postgresql", "postgres")
_PORTS = range(1, 65536)
_HINT = "Write postgresql://user:password@host:5432/database, or embedded: for a local server."

_IGNORED = frozenset(
    {
        "connect_timeout",
        "fallback_application_name",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "tcp_user_timeout",
    }
)
"""Options of libpq that the driver would send as settings; no answer depends on them."""

_SESSIONS = {"read-write": "primary", "read-only": "standby"}
"""The driver takes our connections, which are read-only by default, for a read-only server."""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An address for the driver and the settings of its connections.

    Attributes:
        url: Address for the driver. Contains the password: never print it.
        server_settings: Initial settings; RESET ALL returns to them.
        digest: Digest of the options in the address.
    """

    url: str
    server_settings: dict[str, str]
    digest: int = 0


def parse_address(
    url: str, settings: Settings, overrides: Mapping[str, str] | None = None
) -> Address:
    """Check ``url`` and return the address with its settings.

    Args:
        url: ``postgresql://…``.
        settings: Uses ``statement_timeout``.
        overrides: Settings of the server that replace the default ones.

    Raises:
        ConfigurationError: The address is invalid; the message does not show the password.
    """
    parts = _split(url)
    _check(parts)
    options = _options(parts)
    name = options.pop("application_name", "fraiseql")
    plain = urlunsplit(parts._replace(query=urlencode(options)))
    chosen = {**_server_settings(settings), **(overrides or {}), "application_name": name}
    return Address(plain, chosen, _digest(options))


def _digest(options: Mapping[str, str]) -> int:
    """Return a digest of the options of 62 bits; 0 for none."""
    if not options:
        return 0
    text = repr(sorted(options.items())).encode()
    return int.from_bytes(sha256(text).digest()[:8], "big") >> 2


def shown_address(url: str) -> str:
    """Return an address without its password and other options."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        user = unquote(parts.username or options.get("user", ""))
    except ValueError:
        return "an address that cannot be read"
    host = parts.netloc.rpartition("@")[2] or options.get("host", "")
    port = f":{options['port']}" if "port" in options and ":" not in host else ""
    database = unquote(parts.path[1:]) or options.get("dbname", "")
    return f"{parts.scheme}://{f'{user}@' if user else ''}{host}{port}/{database}"


def _server_settings(settings: Settings) -> dict[str, str]:
    """Return settings that make the text of values the same on every server."""
    return {
        "default_transaction_read_only": "on",
        "statement_timeout": str(ceil(settings.statement_timeout * 1000)),
        "client_encoding": "UTF8",
        "TimeZone": "UTC",
        "DateStyle": "ISO",
        "IntervalStyle": "iso_8601",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "jit": "off",
    }


def _split(url: str) -> SplitResult:
    scheme = url.partition(":")[0]
    if scheme not in _SCHEMES:
        shown = scheme if scheme.isalnum() and len(scheme) < len(url) else ""
        schemes = (*_SCHEMES, "embedded")
        raise ConfigurationError(
            f"The database URL starts with {shown!r}, not with 'postgresql://'."
            f"{suggestion(shown, schemes)}",
            hint=_HINT,
        )
    try:
        return urlsplit(url)
    except ValueError:
        # The original message quotes the address, which may contain the password.
        raise ConfigurationError("The database URL cannot be read.", hint=_HINT) from None


def _check(parts: SplitResult) -> None:
    if parts.fragment or parts.netloc.count("@") > 1:
        raise ConfigurationError(
            "The database URL contains '#' or a second '@' where a host or database is expected.",
            hint="Percent-encode such characters of a user name or password: # %23, @ %40, / %2F.",
        )
    for host in parts.netloc.rpartition("@")[2].split(","):
        port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
        if port and not (port.isascii() and port.isdigit() and int(port) in _PORTS):
            raise ConfigurationError(
                "The port in the database URL is not a number from 1 to 65535.",
                hint="Percent-encode ':', '/', '@' and '#' in the user name and password.",
            )
    if "/" in parts.path[1:]:
        raise ConfigurationError(
            f"The database name in the URL is {unquote(parts.path[1:])!r}, which contains '/'.",
            hint="Write one name after the host; percent-encode '/' in it as %2F.",
        )


def _options(parts: SplitResult) -> dict[str, str]:
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ConfigurationError(
            "The options after '?' in the database URL cannot be read.",
            hint="Write name=value pairs with & between them, such as ?sslmode=require.",
        ) from None
    options = {name: value for name, value in pairs if name not in _IGNORED}
    if "target_session_attrs" in options:
        session = options["target_session_attrs"]
        options["target_session_attrs"] = _SESSIONS.get(session, session)
    if options.pop("channel_binding", "prefer") == "require":
        raise ConfigurationError(
            "The database URL has channel_binding=require, which the driver does not support.",
            hint="Use sslmode=verify-full instead, which verifies the server.",
        )
    return options
