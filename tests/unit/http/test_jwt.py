"""``JWT``: only tokens of the issuer, for this service, now; keys that rotate."""

import asyncio
import base64
import hmac
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("joserfc")

from joserfc.jwk import OctKey

import fraiseql
from fraiseql import ConfigurationError, Unauthenticated
from fraiseql.http import HttpRequest
from fraiseql.http.jwt.fetching import FetchError
from fraiseql.http.jwt.key_set import PublishedKeys
from fraiseql.http.jwt.tokens import read_key_set
from tests.unit.http.jwks_server import ISSUER, Issuer, claims, ec_key, rsa_key, signed

KEY = ec_key("one")
RSA = rsa_key("rsa")
SECRET = "a secret of thirty-two bytes, or of more than that"


@pytest.fixture(scope="module")
def server() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


@pytest.fixture
def issuer(server: Issuer) -> Issuer:
    server.published, server.broken, server.fetches = [KEY], None, 0
    server.status = 200
    return server


def hook(issuer: Issuer | None, **options: Any) -> fraiseql.JWT:
    chosen: dict[str, Any] = {
        "algorithms": ["ES256"],
        "issuer": ISSUER,
        "audience": "notes",
        "role": "group",
        "session": {"app.tenant": "tenant"},
        **options,
    }
    if issuer is not None:
        chosen["jwks_url"] = issuer.url
    return fraiseql.JWT(**chosen)


def request(header: str | None) -> HttpRequest:
    headers = [] if header is None else [(b"authorization", header.encode("latin-1"))]
    return HttpRequest({"type": "http", "headers": headers})


async def refusal(check: fraiseql.JWT, token: str) -> str:
    """Return the message of the refusal, whose challenge is that of RFC 6750."""
    with pytest.raises(Unauthenticated) as caught:
        await check(request(f"Bearer {token}"))
    assert caught.value.challenge.startswith('Bearer error="invalid_token"')
    return caught.value.message


def encoded(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


async def test_a_valid_token_gives_role_session_and_claims(issuer: Issuer) -> None:
    for scheme in ("Bearer", "bearer"):
        entries = await hook(issuer)(request(f"{scheme} {signed(KEY)}"))
        assert entries["role"] == "docs_member"
        assert entries["session"] == {"app.tenant": "blue"}
        assert entries["claims"]["sub"] == "ada"
    several = await hook(issuer)(request(f"Bearer {signed(KEY, aud=['x', 'notes'], tenant=7)}"))
    assert several["session"] == {"app.tenant": "7"}


async def test_a_request_without_a_token(issuer: Issuer) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await hook(issuer)(request(None))
    # RFC 6750, 3.1: no error code where there were no credentials.
    assert caught.value.challenge == "Bearer"
    assert await hook(issuer, optional=True)(request(None)) == {"claims": None}
    await refusal(hook(issuer, optional=True), "garbage")
    assert issuer.fetches == 0


NOW = int(time.time())
WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 60},
    "never expires": {"exp": None},
    "expires at a text": {"exp": str(NOW + 36_000)},
    "expires at infinity": {"exp": float("inf")},
    "expires at no number": {"exp": float("nan")},
    "expires at true": {"exp": True},
    "not yet valid": {"nbf": NOW + 36_000},
    "issued in the future": {"iat": NOW + 36_000},
    "another audience": {"aud": "others"},
    "no audience": {"aud": None},
    "an empty audience": {"aud": []},
    "an audience that is an object": {"aud": {"notes": 1}},
    "another issuer": {"iss": "https://issuer.example.evil"},
    "no issuer": {"iss": None},
    "several issuers": {"iss": [ISSUER]},
    "no role": {"group": None},
    "an empty role": {"group": ""},
    "a role that is a list": {"group": ["docs_member"]},
    "no tenant": {"tenant": None},
    "a tenant that is true": {"tenant": True},
    "a tenant that is an object": {"tenant": {"a": 1}},
}


@pytest.mark.parametrize("case", WRONG_CLAIMS)
async def test_a_token_with_other_claims_is_refused(issuer: Issuer, case: str) -> None:
    await refusal(hook(issuer), signed(KEY, **WRONG_CLAIMS[case]))


async def test_clocks_may_differ_by_the_leeway(issuer: Issuer) -> None:
    now = int(time.time())
    early, late = signed(KEY, nbf=now + 200, iat=now + 200), signed(KEY, exp=now - 200)
    for token in (early, late):
        await refusal(hook(issuer), token)
        await hook(issuer, leeway=600)(request(f"Bearer {token}"))
    assert await refusal(hook(issuer), late) == "The token has expired."


def unsigned(header: Any, payload: Any = None) -> str:
    return f"{encoded(header)}.{encoded(payload or claims())}."


def with_public_key_as_secret() -> str:
    """The known confusion: HMAC with the text of the public key."""
    signing = f"{encoded({'alg': 'HS256', 'kid': 'rsa'})}.{encoded(claims())}"
    digest = hmac.digest(RSA.as_pem(private=False), signing.encode(), "sha256")
    return f"{signing}.{encoded(digest)}"


GOOD = signed(KEY)
HEAD, BODY, SIGNATURE = GOOD.split(".")
FORGED = {
    "none": unsigned({"alg": "none", "kid": "one"}),
    "NONE": unsigned({"alg": "NONE", "kid": "one"}),
    "no algorithm": unsigned({"kid": "one"}),
    "no signature": f"{HEAD}.{BODY}.",
    "the signature of another": f"{HEAD}.{BODY}.{signed(ec_key('one')).split('.')[2]}",
    "other claims": f"{HEAD}.{encoded(claims(tenant='red'))}.{SIGNATURE}",
    "another key of the same id": signed(ec_key("one")),
    "unknown critical parameter": signed(KEY, header={"crit": ["exp"], "exp": 1}),
    "unencoded payload": signed(KEY, header={"crit": ["b64"], "b64": True}),
    "an algorithm that is not allowed": signed(RSA, "RS256"),
    "a public key as secret": with_public_key_as_secret(),
    "an id that is a number": f"{encoded({'alg': 'ES256', 'kid': 5})}.{BODY}.{SIGNATURE}",
    "a header that is a list": f"{encoded(['ES256'])}.{BODY}.{SIGNATURE}",
    "a header that is no JSON": f"{encoded(b'{')}.{BODY}.{SIGNATURE}",
    "its own key": signed(ec_key("own"), header={"jwk": ec_key("own").as_dict(private=False)}),
    "encrypted": f"{HEAD}.a.b.c.d",
    "garbage": "garbage",
    "nothing": "",
    "dots": "..",
    "two tokens": f"{GOOD}, {GOOD}",
    "long": "a" * 20_000,
    "not ASCII": "ä.ö.ü",
    "a quote": 'a".b.c',
}


@pytest.mark.parametrize("case", FORGED)
async def test_a_forged_token_is_refused(issuer: Issuer, case: str) -> None:
    issuer.published = [KEY, RSA]
    check = hook(issuer)
    await refusal(check, FORGED[case])
    await check(request(f"Bearer {GOOD}"))


async def test_a_public_key_is_no_secret(issuer: Issuer) -> None:
    """Even an application that allows both kinds by mistake is refused when it starts."""
    text = RSA.as_pem(private=False).decode()
    with pytest.raises(ConfigurationError, match="key is no secret"):
        hook(None, key=text, algorithms=["HS256"])
    with pytest.raises(ConfigurationError, match="algorithms"):
        hook(None, key=text, algorithms=["RS256", "HS256"])
    with pytest.raises(ConfigurationError, match="algorithms"):
        hook(issuer, algorithms=["HS256"])
    await refusal(hook(None, key=text, algorithms=["RS256"]), with_public_key_as_secret())


async def test_published_secrets_are_not_used(issuer: Issuer) -> None:
    document = {"keys": [OctKey.import_key(SECRET, {"kid": "s"}).as_dict(), KEY.as_dict()]}
    _, ids = read_key_set(document)
    assert ids == {"one"}


async def test_configured_keys() -> None:
    pem = RSA.as_pem(private=False)
    for key in (pem, pem.decode(), RSA.as_dict(private=False)):
        check = hook(None, key=key, algorithms=["RS256", "PS256"])
        await check(request(f"Bearer {signed(RSA, 'PS256', {'kid': 'any'})}"))
    check = hook(None, key=SECRET, algorithms=["HS256"])
    await check(request(f"Bearer {signed(OctKey.import_key(SECRET), 'HS256')}"))
    await refusal(check, signed(OctKey.import_key(SECRET + "!"), "HS256"))


MISTAKES: dict[str, dict[str, Any]] = {
    "either jwks_url or key": {},
    "algorithms is \\['none'\\]": {"key": SECRET, "algorithms": ["none"]},
    "algorithms is \\[\\]": {"key": SECRET, "algorithms": []},
    "algorithms is 'HS256'": {"key": SECRET, "algorithms": "HS256"},
    "issuer and an audience": {"key": SECRET, "algorithms": ["HS256"], "audience": []},
    "jwks_url is 'http://": {"jwks_url": "http://issuer.example/keys"},
    "jwks_url is 'file:": {"jwks_url": "file:///etc/passwd"},
    "jwks_url is 'https://a:b": {"jwks_url": "https://a:b@issuer.example/keys"},
    "32 bytes": {"key": "short", "algorithms": ["HS256"]},
    "key is no secret of 32": {
        "key": {"kty": "oct", "k": encoded(b"fourteen bytes")},
        "algorithms": ["HS256"],
    },
    "no key for RS256": {"key": "no PEM", "algorithms": ["RS256"]},
}


@pytest.mark.parametrize("message", MISTAKES)
def test_an_unsafe_option_is_refused(message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        hook(None, **MISTAKES[message])


async def test_keys_are_fetched_once_and_again_when_they_rotate(issuer: Issuer) -> None:
    clock = Clock()
    check = clocked(issuer, clock)
    await asyncio.gather(*(check(request(f"Bearer {GOOD}")) for _ in range(20)))
    assert issuer.fetches == 1
    new = ec_key("two")
    issuer.published = [KEY, new]
    clock.now += 2
    await asyncio.gather(*(check(request(f"Bearer {signed(new)}")) for _ in range(20)))
    await check(request(f"Bearer {GOOD}"))
    assert issuer.fetches == 2


async def test_an_unknown_id_causes_one_fetch_a_minute(issuer: Issuer) -> None:
    clock = Clock()
    check = clocked(issuer, clock)
    await check(request(f"Bearer {GOOD}"))
    unknown = signed(ec_key("never"))
    for seconds, fetches in ((0.5, 1), (1, 2), (30, 2), (29, 2), (2, 3)):
        clock.now += seconds
        await refusal(check, unknown)
        assert issuer.fetches == fetches, clock.now
    # Invented ids cause no more than one fetch a second.
    clock.now += 2
    for number in range(20):
        await refusal(check, signed(ec_key(f"invented {number}")))
    assert issuer.fetches == 4


async def test_old_keys_are_used_while_the_address_is_down(issuer: Issuer) -> None:
    clock = Clock()
    check = clocked(issuer, clock)
    await check(request(f"Bearer {GOOD}"))
    for broken, status in (("no JSON", 200), ('{"keys": []}', 200), ("{}", 500), ("[]", 302)):
        issuer.broken, issuer.status = broken, status
        clock.now += 7200
        await refusal(check, signed(ec_key("new")))
        await check(request(f"Bearer {GOOD}"))
    assert issuer.fetches >= 5


async def test_withdrawn_keys_end_within_an_hour(issuer: Issuer) -> None:
    clock = Clock()
    check = clocked(issuer, clock)
    await check(request(f"Bearer {GOOD}"))
    issuer.published = [ec_key("two")]
    clock.now += 3599
    await check(request(f"Bearer {GOOD}"))
    clock.now += 2
    # This one starts the fetch, and does not wait for it.
    await check(request(f"Bearer {GOOD}"))
    source: Any = check._source
    await source._fetching
    await refusal(check, GOOD)


async def test_without_any_key_requests_are_refused_until_the_address_answers(
    issuer: Issuer,
) -> None:
    clock = Clock()
    issuer.broken = ""
    check = clocked(issuer, clock)
    for _ in range(3):
        assert await refusal(check, GOOD) == "The token cannot be verified now."
    assert issuer.fetches == 1
    issuer.broken = None
    clock.now += 6
    await check(request(f"Bearer {GOOD}"))


async def test_a_cancelled_request_does_not_end_the_fetch_of_others() -> None:
    begun, answer = asyncio.Event(), asyncio.Event()

    async def fetch() -> object:
        begun.set()
        await answer.wait()
        return {"keys": [KEY.as_dict(private=False)]}

    source = PublishedKeys(fetch, read_key_set)
    first, second = (asyncio.create_task(source.keys("one")) for _ in range(2))
    await begun.wait()
    first.cancel()
    answer.set()
    assert await second is not None


def test_each_event_loop_may_use_the_hook(issuer: Issuer) -> None:
    check = hook(issuer)
    for _ in range(2):
        asyncio.run(check(request(f"Bearer {GOOD}")))


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def clocked(issuer: Issuer, clock: Clock) -> fraiseql.JWT:
    check = hook(issuer)
    source: Any = check._source
    source._clock = clock
    return check


async def test_a_fetch_has_limits(issuer: Issuer) -> None:
    issuer.broken = "[" + "1," * 600_000 + "1]"
    source: Any = hook(issuer)._source
    with pytest.raises(FetchError, match="bytes"):
        await source._fetch()


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "joserfc"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "fraiseql.http.jwt.tokens")
    with pytest.raises(ConfigurationError, match="joserfc") as caught:
        hook(None, key=SECRET, algorithms=["HS256"])
    assert "fraiseql[jwt]" in str(caught.value)
