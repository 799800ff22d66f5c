"""Errors, each with a code, a message and a hint.

FraiseQLError
├── DeclarationError       a declared type, field or query cannot be served as written
├── SourceError            a declared relation or column does not exist, or has the wrong form
├── ConfigurationError     a setting, an address or the environment is wrong
├── EmbeddedServerError    the embedded PostgreSQL cannot be started or used
├── InputError             a value from a client cannot be used (bad filter, operator, argument)
├── Unauthenticated        a request has no valid credentials
├── Forbidden              a request may not do what it asks for
├── DatabaseError          the database refused, failed, or cannot be reached
│   ├── DatabaseUnavailable
│   ├── StatementTimeout
│   ├── ResponseTooLarge
│   └── StaleSource
└── DocumentError          a document or value does not have the form of its type
"""

from collections.abc import Sequence
from typing import ClassVar


class FraiseQLError(Exception):
    """Base of every error that FraiseQL raises on purpose.

    Args:
        message: The problem, in one sentence.
        hint: The remedy; empty when the message says it all.
        code: Stable identifier in upper case; has a page in ``docs/errors``.

    Attributes:
        relation: The relation that was read, for the log; empty when unknown.
        place: Place in the input, of a row among several: the argument and the index.
    """

    default_code: ClassVar[str] = "INTERNAL_ERROR"
    for_clients: ClassVar[bool] = True
    """Whether clients of the API see the message; otherwise only the log has it."""
    hides: ClassVar[bool] = False
    """Whether the log has details that the message hides, under an id."""

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code
        self.relation = ""
        self.place: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        """Return the message and, on a line of its own, the hint."""
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class DeclarationError(FraiseQLError):
    """A declared type, field or query cannot be served as it is written."""

    default_code = "BAD_DECLARATION"
    for_clients = False


class SourceError(FraiseQLError):
    """A declared relation or column does not exist, or has the wrong form."""

    default_code = "BAD_SOURCE"
    for_clients = False


class ConfigurationError(FraiseQLError):
    """A setting, an address or the environment is wrong."""

    default_code = "BAD_CONFIGURATION"
    for_clients = False


class EmbeddedServerError(FraiseQLError):
    """The embedded PostgreSQL cannot be started or used."""

    default_code = "EMBEDDED_SERVER"
    for_clients = False


class InputError(FraiseQLError):
    """A value from a client cannot be used.

    Args:
        message: The problem, in one sentence.
        hint: The remedy.
        code: Stable identifier in upper case.
        path: Place of the value in the input: the argument, then keys and indices, sent as
            ``extensions.input``.

    Attributes:
        variable: Name of the variable that has the value, then keys and indices, sent as
            ``extensions.variable``; empty for none.
        constant: The value, if it is part of the document; None for none.
    """

    default_code = "BAD_USER_INPUT"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        path: Sequence[str | int] = (),
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.path = tuple(path)
        self.variable: tuple[str | int, ...] = ()
        self.constant: object = None


class Unauthenticated(FraiseQLError):  # noqa: N818 - reads as the state that it reports
    """A request has no valid credentials: from ``context=``, the response is a 401.

    Args:
        message: The problem, in one sentence, for the client.
        challenge: Value of the header ``WWW-Authenticate``: a scheme and its parameters, as RFC
            9110 and, for ``Bearer``, RFC 6750 define them.
        hint: The remedy.

    Raises:
        ConfigurationError: The challenge cannot be the value of a header.

    Example:
        >>> import fraiseql
        >>> fraiseql.Unauthenticated("Log in.", challenge='Basic realm="notes"').code
        'UNAUTHENTICATED'
    """

    default_code = "UNAUTHENTICATED"

    def __init__(self, message: str, *, challenge: str = "Bearer", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        if not challenge.isascii() or not challenge.isprintable() or not challenge.strip():
            raise ConfigurationError(
                f"challenge={challenge!r} cannot be the value of a header.",
                hint='Write printable ASCII, such as Bearer realm="notes".',
            )
        self.challenge = challenge


class Forbidden(FraiseQLError):  # noqa: N818 - reads as the state that it reports
    """A request may not do what it asks for: from ``context=``, the response is a 403.

    Example:
        >>> import fraiseql
        >>> fraiseql.Forbidden("The token does not allow to read.").code
        'FORBIDDEN'
    """

    default_code = "FORBIDDEN"


class DatabaseError(FraiseQLError):
    """The database refused a statement or failed while running it."""

    default_code = "DATABASE_ERROR"
    hides = True


class DatabaseUnavailable(DatabaseError):  # noqa: N818 - reads as the state that it reports
    """The database cannot be reached, or went away while the statement ran."""

    default_code = "DATABASE_UNAVAILABLE"


class StatementTimeout(DatabaseError):  # noqa: N818 - the field's name for it
    """A statement ran longer than ``statement_timeout``."""

    default_code = "STATEMENT_TIMEOUT"


class ResponseTooLarge(DatabaseError):  # noqa: N818 - the field's name for it
    """The answer has more bytes than ``max_response_bytes``.

    Args:
        max_bytes: The setting.
    """

    default_code = "RESPONSE_TOO_LARGE"
    hides = False

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            f"The answer has more than {max_bytes} bytes.",
            hint="Ask for fewer rows or fields.",
        )


class StaleSource(DatabaseError):  # noqa: N818 - reads as the state that it reports
    """Stored data lag behind writes by more than their declaration allows."""

    default_code = "STALE"
    hides = False


class DocumentError(FraiseQLError):
    """A document or value does not have the form of its type."""

    default_code = "BAD_DOCUMENT"
    hides = True


def sqlstate_of(error: Exception) -> str:
    """Return PostgreSQL's five-letter code behind an error, or an empty string."""
    return getattr(error.__cause__, "sqlstate", None) or ""
