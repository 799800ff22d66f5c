"""Requests: what Python reads of one and the key does not have makes an answer no one else's."""

import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import fraiseql
from fraiseql.http.asgi import HttpRequest
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE;
DROP TABLE IF EXISTS seat CASCADE;
CREATE TABLE seat (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO seat VALUES (1, 'window');
"""
TAGS = ("seat",)


def cached(**options: Any) -> Any:
    """Declare a resolver whose answers are cached."""
    return fraiseql.query(cache=fraiseql.Cache(tags=TAGS, **options))


@fraiseql.type(sql_source="seat")
class Seat:
    id: int
    name: str

    @fraiseql.field
    def cookie(self, info: fraiseql.Info) -> str:
        """Read a header of the request."""
        return info.context["request"].headers.get("cookie", "none")


@cached()
def cookie(info: fraiseql.Info) -> str:
    """Read one header."""
    return info.context["request"].headers.get("cookie", "none")


@cached()
def scope(info: fraiseql.Info) -> str:
    """Read what the server made of the connection."""
    return str(info.context["request"].scope["headers"])


@cached()
def client(info: fraiseql.Info) -> str:
    """Read the peer's address."""
    return str(info.context["request"].client)


@cached()
def user(info: fraiseql.Info) -> str:
    """Read what the context hook made."""
    return str(info.context["user"].name)


@cached()
def user_or_none(info: fraiseql.Info) -> str:
    """Look whether there is something."""
    return str("user" in info.context)


@cached()
def everything(info: fraiseql.Info) -> str:
    """Copy the context."""
    return str({**info.context}["user"].name)


@cached()
def alias(info: fraiseql.Info) -> str:
    """Read the response key."""
    return str(info.path[0])


@cached()
def operation(info: fraiseql.Info) -> str:
    """Read the operation's name."""
    return str(info.operation_name)


@cached()
def variable(info: fraiseql.Info) -> str:
    """Read a variable of another field."""
    return str(info.variables.get("other"))


@cached(vary=("request.headers.cookie",))
def varied_cookie(info: fraiseql.Info) -> str:
    """Read a header that is in the key."""
    request = info.context["request"]
    assert isinstance(request, HttpRequest)
    return request.headers.get("cookie", "none")


@cached(vary=("user.plan",))
def plan(info: fraiseql.Info) -> str:
    """Read an attribute that is in the key, of a user who may be missing."""
    user = info.context.get("user")
    return "nobody" if user is None else str(getattr(user, "plan", "no plan"))


@cached(vary=("user.plan",))
def plan_and_name(info: fraiseql.Info) -> str:
    """Read an attribute that is in the key, and one that is not."""
    return f"{info.context['user'].plan} {info.context['user'].name}"


@cached(vary=("user.plan",))
def user_text(info: fraiseql.Info) -> str:
    """Read an object as a whole."""
    return str(info.context["user"])


@cached(vary=("user",))
def whole(info: fraiseql.Info) -> str:
    """Read an entry that is in the key."""
    return str(info.context["user"]["name"])


@cached(shared=("service",))
def service(info: fraiseql.Info) -> str:
    """Read what is the same for every client."""
    return str(info.context["service"].name)


@cached()
async def rights(info: fraiseql.Info) -> str:
    """Read what is in the key by itself."""
    info.context["own"] = 1
    count = await info.context["db"].fetchval("SELECT count(*)::int FROM seat")
    return f"{info.context.get('session')} {info.context.get('role')} {count} {info.context['own']}"


@cached(vary=("user.plan",))
def needs_the_object(info: fraiseql.Info) -> str:
    """Call what takes no stand-in."""
    return json.dumps(info.context["user"], sort_keys=True)


PYTHON = [cookie, scope, client, user, user_or_none, everything, alias, operation, variable]
SOUND = [varied_cookie, plan, whole, service, rights]
QUERIES = [
    fraiseql.find("seats", Seat, order_by="id", cache=fraiseql.Cache(tags=TAGS)),
    *PYTHON,
    *SOUND,
    plan_and_name,
    user_text,
    needs_the_object,
]


def context(name: str, user: Any = ...) -> dict[str, Any]:
    """Return what the context hook makes for a client."""
    headers = [(b"cookie", name.encode())]
    request = HttpRequest({"type": "http", "headers": headers, "client": (name, 1)})
    actual = {"request": request, "service": SimpleNamespace(name="shared")}
    return actual if user is None else {**actual, "user": user_of(name) if user is ... else user}


def user_of(name: str) -> Any:
    """Return a client's user."""
    return SimpleNamespace(name=name, plan="free")


@pytest.fixture(scope="module")
def served(database: str) -> Iterator[Served]:
    at_once(run_sql(database, TABLES))
    with served_with_caches(database, queries=QUERIES) as running:
        yield running


def ask(served: Served, query: str, seen: dict[str, Any], **more: Any) -> tuple[Any, str]:
    """Return a value, and how it was answered; what is stored is stored by then."""
    response = respond(served, query, context=seen, **more)
    served.run(served.service.results.runtime.background.finish())
    body = json.loads(bytes(response.body))
    assert "errors" not in body, body
    (value,), (outcome,) = body["data"].values(), outcomes(response).values()
    return value, outcome


HIDDEN = {
    "cookie": "{ cookie }",
    "scope": "{ scope }",
    "client": "{ client }",
    "user": "{ user }",
    "everything": "{ everything }",
    "computed": "{ seats { cookie } }",
    "plan and name": "{ planAndName }",
    "text": "{ userText }",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_values_read_outside_of_the_key_are_not_shared(served: Served, name: str) -> None:
    ada, how = ask(served, HIDDEN[name], context("ada"))
    again, how_again = ask(served, HIDDEN[name], context("ada"))
    bob, how_bob = ask(served, HIDDEN[name], context("bob"))
    assert "ada" in str(ada)
    assert "ada" in str(again)
    assert "bob" in str(bob)
    assert "hit" not in (how, how_again, how_bob)


def test_probed_context_is_not_shared(served: Served) -> None:
    assert ask(served, "{ userOrNone }", context("ada"))[0] == "True"
    assert ask(served, "{ userOrNone }", context("ada", None))[0] == "False"


def test_name_alias_and_variables_of_an_operation_are_no_part_of_the_key(served: Served) -> None:
    assert ask(served, "{ first: alias }", context("ada"))[0] == "first"
    assert ask(served, "{ second: alias }", context("ada"))[0] == "second"
    for name in ("First", "Second"):
        query = f"query {name} {{ operation }}"
        assert ask(served, query, context("ada"))[0] == name
    query = "query ($other: Int) { variable seats(limit: $other) { id } }"
    for number in (1, 2):
        response = respond(served, query, variables={"other": number}, context=context("ada"))
        assert json.loads(bytes(response.body))["data"]["variable"] == str(number)


def test_equal_keys_share_an_entry(served: Served) -> None:
    for query in ("{ variedCookie }", "{ service }", "{ rights }", "{ plan }"):
        first, how = ask(served, query, context("ada"))
        second, how_again = ask(served, query, context("ada"))
        assert (second, how_again) == (first, "hit"), query
        assert how in ("miss", "hit")
    assert ask(served, "{ variedCookie }", context("bob"))[0] == "bob"
    seen = context("ada", {"name": "ada"})
    assert ask(served, "{ whole }", seen)[1] != "hit"
    assert ask(served, "{ whole }", seen) == ("ada", "hit")


def test_a_path_that_ends_early_is_another_key(served: Served) -> None:
    right = [(None, "nobody"), (SimpleNamespace(), "no plan"), (SimpleNamespace(plan=None), "None")]
    for _ in range(2):
        for user, answer in right:
            seen = context("x", user)
            assert ask(served, "{ plan }", seen)[0] == answer
    seen = context("x")
    seen["user"] = None
    assert ask(served, "{ plan }", seen)[0] == "nobody"


def test_code_that_takes_no_stand_in_is_answered(served: Served) -> None:
    for name in ("ada", "bob"):
        seen = context(name, {"name": name, "plan": "free"})
        value, how = ask(served, "{ needsTheObject }", seen)
        assert json.loads(value)["name"] == name
        assert how != "hit"


def test_each_read_is_named_once(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with (
        served_with_caches(served.url, queries=QUERIES) as running,
        caplog.at_level(logging.WARNING),
    ):
        for name in ("ada", "bob", "eve"):
            ask(running, "{ cookie }", context(name))
    lines = [line for line in caplog.messages if "is not cached" in line]
    assert len(lines) == 1
    assert "request.headers.cookie" in lines[0]
    assert "vary=" in lines[0]
