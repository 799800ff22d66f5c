"""``JWT``: a context hook that verifies bearer tokens."""

from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final

from fraiseql.errors import ConfigurationError, Unauthenticated
from fraiseql.http.asgi import HttpRequest
from fraiseql.http.jwt.fetching import checked_url, fetch_json
from fraiseql.http.jwt.key_set import FixedKey, KeySource, PublishedKeys
from fraiseql.http.validity import Validity

_MOST_CHARACTERS: Final = 16_384
"""Longest token; servers limit headers too."""


class JWT:
    """A ``context=`` hook: the claims of a verified bearer token, as role and session variables.

    It needs the extra ``fraiseql[jwt]``. A token is accepted if its signature, algorithm, issuer,
    audience and times are valid; anything else is answered 401 with a challenge. Resolvers see
    ``info.context["claims"]``.

    Args:
        algorithms: Allowed algorithms: ``["RS256"]``. ``none`` is never allowed.
        issuer: Required ``iss``.
        audience: Required ``aud``, or several of which one must be in it.
        jwks_url: HTTPS address of the issuer's keys.
        key: Instead of it: a public key in PEM, a JWK as mapping, or for HS256 a secret of at
            least 32 bytes.
        leeway: Seconds by which the clocks may differ.
        role: Claim that holds the role of the statements; None for no role.
        session: Session variables and the claims that hold their values.
        optional: Whether a request without a token passes, without claims.

    Raises:
        ConfigurationError: An option is unsafe or has the wrong form, or joserfc is not installed.

    Example:
        ``fraiseql.JWT(jwks_url="https://issuer.example/keys", algorithms=["RS256"],
        issuer="https://issuer.example", audience="notes", session={"app.tenant": "tenant"})``
    """

    headers: Final = ("authorization",)
    """Names of the headers that decide its result."""

    def __init__(
        self,
        *,
        algorithms: Sequence[str],
        issuer: str,
        audience: str | Sequence[str],
        jwks_url: str | None = None,
        key: str | bytes | Mapping[str, Any] | None = None,
        leeway: int = 30,
        role: str | None = None,
        session: Mapping[str, str] | None = None,
        optional: bool = False,
    ) -> None:
        if (jwks_url is None) == (key is None):
            raise ConfigurationError("JWT needs either jwks_url or key.", hint="Write one of them.")
        audiences = (audience,) if isinstance(audience, str) else tuple(audience)
        if not issuer or not audiences or not all(audiences):
            raise ConfigurationError(
                "JWT needs an issuer and an audience.",
                hint="Without them, tokens of the same issuer for other services would pass.",
            )
        tokens = _tokens()
        tokens.check_algorithms(algorithms, fetched=key is None)
        self._tokens = tokens
        self._source = _source(tokens, jwks_url, key, algorithms[0])
        self._verifier = tokens.TokenVerifier(tuple(algorithms), issuer, audiences, leeway)
        self._role = role
        self._session = dict(session or {})
        self._optional = optional
        # For the native server.
        self.validity = self._validity
        self.when_replaced = self._source.when_replaced

    async def __call__(self, request: HttpRequest) -> Mapping[str, Any]:
        """Return the context entries of a request: ``claims``, ``role`` and ``session``.

        Raises:
            Unauthenticated: The request has no valid token.
        """
        header = request.headers.get("authorization")
        if header is None:
            if self._optional:
                return {"claims": None}
            raise Unauthenticated("Send a bearer token.")
        return self._entries(await self.claims(_token(header)))

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token, after all checks.

        Args:
            token: The token, without ``Bearer``.

        Raises:
            Unauthenticated: The token is not valid.
        """
        try:
            return await self._verified(token)
        except self._tokens.InvalidToken as error:
            refusal = _invalid(str(error))
            raise refusal from error

    def _validity(self, context: Mapping[str, Any]) -> Validity:
        """Return how long the token of a context is accepted."""
        claims = context["claims"]
        if claims is None:
            return Validity()
        start, end = self._verifier.window(claims)
        return Validity(start, end, self._source.seconds())

    async def _verified(self, token: str) -> Mapping[str, Any]:
        parts = self._verifier.parsed(token)
        keys = await self._source.keys(self._verifier.key_id(parts))
        if keys is None:
            raise _invalid("The token cannot be verified now.")
        claims: Mapping[str, Any] = self._verifier.claims(parts, keys)
        return claims

    def _entries(self, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        entries: dict[str, Any] = {"claims": claims}
        if self._role is not None:
            entries["role"] = _text(claims, self._role)
        if self._session:
            entries["session"] = {
                name: _text(claims, claim) for name, claim in self._session.items()
            }
        return entries


def _token(header: str) -> str:
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii() or len(token) > _MOST_CHARACTERS:
        raise _invalid("Send one bearer token.")
    return token


def _text(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim as text; a token without it could read with other rights than meant."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise _invalid(f"The token has no usable claim {name}.")
    return str(value)


def _invalid(message: str) -> Unauthenticated:
    described = message.replace("\\", "").replace('"', "")
    plain = described if described.isascii() and described.isprintable() else "Not accepted."
    challenge = f'Bearer error="invalid_token", error_description="{plain}"'
    return Unauthenticated(message, challenge=challenge)


def _tokens() -> Any:
    try:
        return import_module("fraiseql.http.jwt.tokens")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "JWT needs the package joserfc, which is not installed.",
            hint="Run pip install 'fraiseql[jwt]'.",
        ) from error


def _source(tokens: Any, url: str | None, key: Any, algorithm: str) -> KeySource:
    if url is None:
        return FixedKey(tokens.read_key(key, algorithm))
    return PublishedKeys(partial(fetch_json, checked_url(url)), tokens.read_key_set)
