"""Verification of signed tokens; the only importer of joserfc."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry, extract_compact, validate_compact
from joserfc.jwt import JWTClaimsRegistry

from fraiseql.errors import ConfigurationError
from fraiseql.http.validity import window_of

_FAMILIES: Final[Mapping[str, str]] = {
    **{f"HS{bits}": "oct" for bits in (256, 384, 512)},
    **{f"{kind}{bits}": "RSA" for kind in ("RS", "PS") for bits in (256, 384, 512)},
    **{f"ES{bits}": "EC" for bits in (256, 384, 512)},
    "ES256K": "EC",
    "EdDSA": "OKP",
    "Ed25519": "OKP",
    "Ed448": "OKP",
}
"""Type of the key, by algorithm. ``none`` is no algorithm here."""

_LEAST_SECRET: Final = 32
"""Bytes of a secret; a shorter one can be guessed (RFC 7518, 3.2)."""

_PEM: Final = b"-----BEGIN"

Keys = Any
"""One key, or a set of keys by their ids."""


class InvalidToken(Exception):  # noqa: N818 - reads as the state that it reports
    """A token is not accepted; the text is for the client."""


def check_algorithms(algorithms: Sequence[str], *, fetched: bool) -> None:
    """Check the allowed algorithms.

    Args:
        algorithms: Their names.
        fetched: Whether the keys are published: then a secret is none.

    Raises:
        ConfigurationError: One is unknown or unsafe, there is none, or they need different keys.
    """
    allowed = [name for name in _FAMILIES if not fetched or _FAMILIES[name] != "oct"]
    wrong = [name for name in algorithms if name not in allowed]
    mixed = not fetched and len({_FAMILIES.get(name) for name in algorithms}) > 1
    if isinstance(algorithms, str) or not algorithms or wrong or mixed:
        raise ConfigurationError(
            f"algorithms is {algorithms!r}.",
            hint=f"List those that the issuer uses, of one kind of key: {', '.join(allowed)}.",
        )


def read_key(key: str | bytes | Mapping[str, Any], algorithm: str) -> Keys:
    """Return a key: a secret, the text of a public key in PEM, or a JWK.

    Raises:
        ConfigurationError: It is not a key for the algorithm.
    """
    family = _FAMILIES[algorithm]
    text = key.encode() if isinstance(key, str) else key
    if family == "oct" and isinstance(text, bytes):
        _check_secret(text, algorithm)
    try:
        parsed = JWKRegistry.import_key(text if isinstance(text, bytes) else dict(text), family)
    except (JoseError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"key is no key for {algorithm}: {type(error).__name__}.",
            hint="Write a public key in PEM, a JWK, or a secret for HS256.",
        ) from error
    if family == "oct":
        _check_secret(parsed.get_op_key("verify"), algorithm)
    return parsed


def _check_secret(secret: Any, algorithm: str) -> None:
    if len(secret) < _LEAST_SECRET or _PEM in secret:
        raise ConfigurationError(
            f"key is no secret of {_LEAST_SECRET} bytes or more, which {algorithm} needs.",
            hint="Write the secret; a public key needs algorithms such as RS256 or ES256.",
        )


def read_key_set(document: object) -> tuple[Keys, frozenset[str]]:
    """Return the public keys of a JWK set, and their ids.

    Raises:
        ValueError: It has none.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = []
    for entry in listed if isinstance(listed, list) else ():
        try:
            if isinstance(entry, dict) and entry.get("kty") in ("RSA", "EC", "OKP"):
                keys.append(JWKRegistry.import_key(entry))
        except (JoseError, ValueError, TypeError):
            # A key of a newer kind is no reason to refuse the others.
            continue
    if not keys:
        raise ValueError("it contains no public key")
    return KeySet(keys), frozenset([str(key.kid) for key in keys])


class TokenVerifier:
    """Verifies tokens.

    Args:
        algorithms: Allowed algorithms.
        issuer: Required ``iss``.
        audience: Accepted values of ``aud``.
        leeway: Seconds by which clocks may differ.
    """

    def __init__(
        self, algorithms: Sequence[str], issuer: str, audience: Sequence[str], leeway: int
    ) -> None:
        # RFC 7515, 4: unknown header parameters are ignored; critical ones are refused below.
        self._registry = JWSRegistry(algorithms=list(algorithms), strict_check_header=False)
        self._claims = JWTClaimsRegistry(
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "values": list(audience)},
            exp={"essential": True},
        )

    def parsed(self, token: str) -> Any:
        """Return a token in parts, not yet verified.

        Raises:
            InvalidToken: It is no signed token, or has a critical header parameter.
        """
        try:
            parts = extract_compact(token.encode(), registry=self._registry)
            headers = parts.headers()
            critical = "crit" in headers or "b64" in headers
            readable = isinstance(headers.get("kid"), str | None)
        except (JoseError, ValueError, TypeError) as error:
            raise InvalidToken("The token is malformed.") from error
        if critical or not readable:
            raise InvalidToken("The token has header parameters that are not supported.")
        return parts

    @staticmethod
    def key_id(parts: Any) -> str | None:
        """Return the id of the key that a token says it is signed with."""
        kid: str | None = parts.headers().get("kid")
        return kid

    def window(self, claims: Mapping[str, Any]) -> tuple[int, int]:
        """Return the seconds since 1970 in which accepted claims are valid, the end exclusive."""
        return window_of(claims, self._claims.leeway)

    def claims(self, parts: Any, keys: Keys) -> dict[str, Any]:
        """Return the claims of a token, after all checks.

        Raises:
            InvalidToken: A check failed.
        """
        try:
            if not validate_compact(parts, keys, registry=self._registry):
                raise InvalidToken("The token is not valid.")
            claims = json.loads(parts.payload)
            if not isinstance(claims, dict):
                raise InvalidToken("The token is not valid.")
            self._claims.validate(claims)
        except ExpiredTokenError as error:
            raise InvalidToken("The token has expired.") from error
        except (JoseError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidToken("The token is not valid.") from error
        return claims
