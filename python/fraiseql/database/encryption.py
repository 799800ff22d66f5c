"""Encryption of connections that are opened without the driver."""

import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_REVOCATION: Final = ssl.VERIFY_CRL_CHECK_LEAF | ssl.VERIFY_CRL_CHECK_CHAIN


class UnknownEncryptionError(Exception):
    """Connections are encrypted in a way that only the driver knows; the message is the reason."""


def encryption_of(connection: Any, url: str) -> Mapping[str, Any] | None:
    """Return how an open connection is encrypted; None where it is not.

    It is at least as strict as the driver: the same roots, versions and name.

    Args:
        connection: The connection.
        url: The address that the driver was called with.

    Raises:
        UnknownEncryptionError: The driver may be stricter.
    """
    # With sslmode=allow and prefer, the settings do not say whether it is encrypted.
    if connection._transport.get_extra_info("ssl_object") is None:  # noqa: SLF001
        return None
    parameters = connection._params  # noqa: SLF001
    context: ssl.SSLContext = parameters.ssl
    verify = _verify(context)
    tls12, tls13 = (
        _allows(context, version) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    )
    if not (tls12 or tls13):
        raise UnknownEncryptionError("the encryption of the connections is older than TLS 1.2")
    return {
        "direct": parameters.ssl_negotiation == "direct",
        "verify": verify,
        "roots": [] if verify == "nothing" else _roots(context),
        "client": _client(url),
        "tls12": tls12,
        "tls13": tls13,
    }


def _verify(context: ssl.SSLContext) -> str:
    if context.verify_mode == ssl.CERT_NONE:
        return "nothing"
    if context.verify_flags & _REVOCATION:
        raise UnknownEncryptionError("certificates of the server are looked up in a sslcrl file")
    return "name" if context.check_hostname else "chain"


def _allows(context: ssl.SSLContext, version: ssl.TLSVersion) -> bool:
    newest = context.maximum_version
    is_newest = newest == ssl.TLSVersion.MAXIMUM_SUPPORTED or version <= newest
    return context.minimum_version <= version and is_newest


def _roots(context: ssl.SSLContext) -> Sequence[tuple[str, int]]:
    """Return trusted certificates with the seconds since 1970 at which they expire."""
    details, contents = context.get_ca_certs(), context.get_ca_certs(binary_form=True)
    roots = [
        (ssl.DER_cert_to_PEM_cert(content), int(ssl.cert_time_to_seconds(str(detail["notAfter"]))))
        for detail, content in zip(details, contents, strict=True)
        # A chain ends at a certificate that is its own issuer, and at no other.
        if detail["issuer"] == detail["subject"]
    ]
    if not roots:
        raise UnknownEncryptionError("the file sslrootcert contains no certificate of an authority")
    return roots


def _client(url: str) -> Mapping[str, str] | None:
    """Return certificates and key of the client, from the files that the driver has read."""
    options = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
    if "service" in options or "PGSERVICE" in os.environ:
        raise UnknownEncryptionError("the connections are encrypted, and described by a service")
    home = _home()
    chain = options.get("sslcert", os.environ.get("PGSSLCERT")) or home / "postgresql.crt"
    key = options.get("sslkey", os.environ.get("PGSSLKEY")) or home / "postgresql.key"
    try:
        certificates = Path(chain).read_text()
        secret = Path(key).read_text() if Path(key).exists() else certificates
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UnknownEncryptionError("the files sslcert and sslkey cannot be read") from error
    if "ENCRYPTED" in secret:
        raise UnknownEncryptionError("the file sslkey is encrypted")
    return {"chain": certificates, "key": secret}


def _home() -> Path:
    try:
        return Path.home() / ".postgresql"
    except (RuntimeError, KeyError):
        return Path(os.devnull)
