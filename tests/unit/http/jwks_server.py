"""An issuer of tokens: keys that rotate, published by a real server on a loopback port."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter

ISSUER = "https://issuer.example"


class Issuer:
    """Signs tokens, and serves the public keys that it publishes at the moment.

    Attributes:
        published: Keys in the document.
        fetches: Requests so far.
        broken: The text to send instead of the document; None for the document.
    """

    def __init__(self) -> None:
        self.published: list[Any] = []
        self.fetches = 0
        self.broken: str | None = None
        self.status = 200
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                body = issuer.broken
                if body is None:
                    body = json.dumps({"keys": [key.as_dict(private=False) for key in published()]})
                self.send_response(issuer.status)
                self.send_header("location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        def published() -> list[Any]:
            return list(issuer.published)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/keys"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def rsa_key(kid: str) -> RSAKey:
    """Return a new key pair."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def ec_key(kid: str) -> ECKey:
    """Return a new key pair, faster than with RSA."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


def claims(**changed: Any) -> dict[str, Any]:
    """Return valid claims; those that are None are left out."""
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "aud": "notes",
        "sub": "ada",
        "iat": now,
        # Some tokens are made when tests are collected, and used at the end of a long run.
        "exp": now + 36_000,
        "tenant": "blue",
        "group": "docs_member",
        **changed,
    }
    return {name: value for name, value in whole.items() if value is not None}


def signed(key: Any, algorithm: str = "ES256", header: Any = None, **changed: Any) -> str:
    """Return a token."""
    kid = {} if key.kid is None else {"kid": key.kid}
    whole = {"alg": algorithm, **kid, **(header or {})}
    whole = {name: value for name, value in whole.items() if value is not None}
    known = {name: HeaderParameter(name, lambda _value: None) for name in header or ()}
    registry = JWSRegistry(known, [algorithm])
    return jwt.encode(whole, claims(**changed), key, registry=registry)
