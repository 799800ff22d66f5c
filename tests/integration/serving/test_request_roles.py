"""Roles of requests: which are required, and which are refused."""

from typing import Any

import pytest

import fraiseql
from fraiseql.errors import InputError
from tests.integration.serving.served import served

TABLES = """
DROP TABLE IF EXISTS note CASCADE;
CREATE TABLE note (id int PRIMARY KEY, text text NOT NULL);
INSERT INTO note VALUES (1, 'one');
GRANT SELECT ON note TO pg_monitor;
"""
QUERY = "{ notes { text } }"
NOTES = {"notes": [{"text": "one"}]}


@fraiseql.type(sql_source="note")
class Note:
    id: int
    text: str


@fraiseql.query
async def me(info: fraiseql.Info) -> str | None:
    return await info.context["db"].fetchval("SELECT current_user::text")


def notes(*, cached: bool) -> Any:
    return fraiseql.find("notes", Note, cache=fraiseql.Cache(ttl="60s") if cached else None)


@pytest.mark.parametrize("cached", [False, True])
def test_a_request_without_a_required_role_is_refused(database: str, cached: bool) -> None:
    with served(database, TABLES, queries=[notes(cached=cached), me], role_required=True) as bench:
        assert bench.data(QUERY, context={"role": "pg_monitor"}) == NOTES
        assert bench.data("{ me }", context={"role": "pg_monitor"}) == {"me": "pg_monitor"}
        for context in ({}, {"role": None}, {"session": {"app.tenant": "1"}}):
            for query in (QUERY, "{ me }", "{ __typename }"):
                with pytest.raises(InputError) as error:
                    bench.ask(query, context=context)
                assert error.value.code == "UNAUTHENTICATED"


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("role", ["none", "postgres", ""])
def test_a_role_that_is_the_login_role_is_refused(database: str, role: str, cached: bool) -> None:
    with served(database, TABLES, queries=[notes(cached=cached)]) as bench:
        assert bench.data(QUERY) == NOTES
        with pytest.raises(InputError) as error:
            bench.ask(QUERY, context={"role": role})
        assert "role" in error.value.message


def test_the_login_role_is_taken_where_that_is_allowed(database: str) -> None:
    with served(database, TABLES, queries=[me], allow_login_role=True) as bench:
        assert bench.data("{ me }", context={"role": "postgres"}) == {"me": "postgres"}
        with pytest.raises(InputError):
            bench.ask("{ me }", context={"role": "none"})


@pytest.mark.parametrize("cached", [False, True])
def test_a_role_of_which_the_login_role_is_no_member_is_refused(
    database: str, cached: bool
) -> None:
    roles = """CREATE ROLE request_login LOGIN; CREATE ROLE request_reader;
        CREATE ROLE request_other;
        GRANT request_reader TO request_login;
        GRANT SELECT ON note TO request_login, request_reader, request_other;"""
    gone = """DROP OWNED BY request_login, request_reader, request_other;
        DROP ROLE request_login, request_reader, request_other;"""
    with served(database, TABLES, queries=[me]) as owner:
        owner.execute(roles)
        try:
            address = database.replace("postgres@", "request_login@")
            with served(address, queries=[notes(cached=cached)]) as bench:
                assert bench.data(QUERY, context={"role": "request_reader"}) == NOTES
                for role in ("request_other", "postgres", "pg_monitor", "REQUEST_READER"):
                    error = bench.error(QUERY, context={"role": role})
                    assert error["message"].startswith("The role or a session variable")
        finally:
            owner.execute(gone)
