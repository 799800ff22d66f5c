"""Hidden errors are logged in one line with the client's id."""

import logging
import re
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import pytest

import fraiseql
from fraiseql.database.failures import BY_SQLSTATE
from fraiseql.error_log import ErrorLog
from fraiseql.errors import FraiseQLError
from fraiseql.repositories import Repository
from tests.integration.serving.served import Served, served

SECRET = "hunter2"
TABLES = f"""
DROP ROLE IF EXISTS error_log_reader;
CREATE ROLE error_log_reader;
CREATE TABLE cup (id int PRIMARY KEY, data jsonb);
INSERT INTO cup VALUES (1, '{{"size": "{SECRET}", "glaze": "{SECRET}", "tags": "{SECRET}"}}'),
  (2, '{{"size": "{SECRET}2"}}');
CREATE FUNCTION fail(state text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION E'the words of %\\nand more', state
    USING ERRCODE = state, DETAIL = '{SECRET}', HINT = '{SECRET}';
END $$;
CREATE TABLE short (id int PRIMARY KEY, CONSTRAINT short_id_check CHECK (id < 9));
GRANT SELECT ON short TO error_log_reader;
"""


@fraiseql.enum
class Glaze(Enum):
    BLUE = "blue"


@fraiseql.type(sql_source="cup", jsonb_column="data")
class Cup:
    id: int
    size: int | None
    glaze: Glaze | None
    tags: list[str] | None
    weight: int


def _refusing(value: str) -> str:
    raise KeyError(SECRET)


Odd = Annotated[str, fraiseql.scalar("Odd", parse=_refusing, form="string")]


@fraiseql.query
async def state(info: fraiseql.Info, code: str) -> str | None:
    return await info.context["db"].fetchval("SELECT fail($1)", code)


@fraiseql.query
async def raised(name: str) -> str | None:
    raise {kind.__name__: kind for kind in PYTHON}[name](SECRET)


@fraiseql.query
async def by_size(info: fraiseql.Info) -> list[Cup]:
    return await Repository(info.context["db"], info.context).find("cup")


@fraiseql.query
def parsed(odd: Odd | None = None) -> str | None:
    return odd


PYTHON: list[type[Exception]] = [
    ValueError,
    KeyError,
    RecursionError,
    UnicodeError,
    OSError,
    fraiseql.SourceError,
    fraiseql.ConfigurationError,
]
QUERIES = [fraiseql.find("cups", Cup), state, raised, by_size, parsed]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        yield running


def line_of(error: dict[str, Any], caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    """Return the one record of an error, which holds nothing that is secret."""
    error_id = error["extensions"]["id"]
    assert re.fullmatch(r"[a-z2-7]{8}", error_id)
    (record,) = [entry for entry in caplog.records if error_id in entry.getMessage()]
    line = record.getMessage()
    assert line.startswith(f"{error['extensions']['code']} id={error_id} operation=")
    assert "\n" not in line
    assert SECRET not in line + str(error)
    return record


STATES = [*sorted(BY_SQLSTATE), "XX000", "0A000"]


@pytest.mark.parametrize("code", [state.ljust(5, "0") for state in STATES])
def test_what_postgresql_says_is_one_line(
    bench: Served, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    query = "query Broken($code: String!) { state(code: $code) }"
    error = bench.error(query, {"code": code})
    record = line_of(error, caplog)
    line = record.getMessage()
    assert f" operation=Broken path=state relation=- sqlstate={code} " in line
    assert record.exc_info is None
    # Class 22 quotes values; of the others the first words are logged.
    assert (f"the words of {code}" in line) is not code.startswith("22")
    assert "words" not in str(error)
    assert error["extensions"]["code"] == "BAD_USER_INPUT" or "hint" not in error["extensions"]


@pytest.mark.parametrize("kind", PYTHON, ids=lambda kind: kind.__name__)
def test_an_unexpected_error_has_its_traceback(
    bench: Served, caplog: pytest.LogCaptureFixture, kind: type[Exception]
) -> None:
    error = bench.error("query ($n: String!) { here: raised(name: $n) }", {"n": kind.__name__})
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    error_id = error["extensions"]["id"]
    (record,) = [entry for entry in caplog.records if error_id in entry.getMessage()]
    assert " operation=- path=here " in record.getMessage()
    assert record.exc_info is not None
    assert type(record.exc_info[1]) is kind


def test_every_code_is_logged_or_hides_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for kind in _kinds(FraiseQLError):
        error = _error(kind)
        extensions = ErrorLog().extensions(error)
        hides = kind.hides or not kind.for_clients
        assert bool(extensions) is hides, kind
        lines = [
            entry for entry in caplog.records if extensions.get("id", "-") in entry.getMessage()
        ]
        assert len(lines) == (1 if hides else 0)
        caplog.clear()


def _kinds(kind: type[FraiseQLError]) -> Iterator[type[FraiseQLError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def _error(kind: type[FraiseQLError]) -> FraiseQLError:
    error = kind.__new__(kind)
    FraiseQLError.__init__(error, "Words.")
    return error


def test_a_denied_relation_is_named(bench: Served, caplog: pytest.LogCaptureFixture) -> None:
    query = "query Cups { cups { id } bySize { id } }"
    errors = bench.ask(query, context={"role": "error_log_reader"})["errors"]
    for error in errors:
        line = line_of(error, caplog).getMessage()
        assert f'path={error["path"][0]} relation="public"."cup" sqlstate=42501 ' in line
        assert line.endswith("InsufficientPrivilegeError: permission denied for table cup")


def test_bad_documents_are_one_line_for_each_field(
    bench: Served, caplog: pytest.LogCaptureFixture
) -> None:
    query = "query Sizes { cups { id size again: size glaze tags } }"
    errors = bench.ask(query)["errors"]
    assert [error["path"] for error in errors] == [
        ["cups", 0, "size"],
        ["cups", 0, "again"],
        ["cups", 0, "glaze"],
        ["cups", 0, "tags"],
        ["cups", 1, "size"],
        ["cups", 1, "again"],
    ]
    for error in errors:
        line = line_of(error, caplog).getMessage()
        assert "operation=Sizes path=cups.0." in line
        assert 'relation="public"."cup"' in line
    assert len({error["extensions"]["id"] for error in errors}) == 3
    assert errors[0]["message"] == "Int cannot represent the value of Cup.size, a string."


def test_a_missing_value_is_logged_below_the_root(
    bench: Served, caplog: pytest.LogCaptureFixture
) -> None:
    error = bench.ask("{ cups { weight } }")["errors"][0]
    assert error["message"] == "Cannot return null for non-nullable field Cup.weight."
    line_of(error, caplog)


def test_what_a_scalar_of_ones_own_raises(bench: Served, caplog: pytest.LogCaptureFixture) -> None:
    error = bench.error("query Parse($odd: Odd) { parsed(odd: $odd) }", {"odd": "x"})
    assert line_of(error, caplog).getMessage().endswith(" KeyError")
    error = bench.ask('{ parsed(odd: "x") }')["errors"][0]
    assert line_of(error, caplog).getMessage().endswith(" KeyError")


def test_a_client_s_mistake_hides_nothing(bench: Served, caplog: pytest.LogCaptureFixture) -> None:
    digits = "1" * 5_000
    for query in [
        f"{{ cups(limit: {digits}) {{ id }} }}",
        "{ nothing }",
        "{",
        "{ cups(limit: -1) { id } }",
        '{ cups(limit: "x") { id } }',
    ]:
        for error in bench.ask(query)["errors"]:
            assert "id" not in error["extensions"]
    assert not caplog.records


def test_a_name_from_a_client_stays_in_its_place() -> None:
    log = ErrorLog("A\nforged id=1")
    assert log.extensions(ValueError()) != {}
