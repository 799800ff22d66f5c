"""A warm service runs one statement for each root field."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import fraiseql
from fraiseql.repositories import Repository
from tests.golden import application
from tests.integration.database.server_log import Log
from tests.integration.serving.served import Served, execute, served


@fraiseql.query
async def found(info: fraiseql.Info, id: int) -> application.Book | None:  # noqa: A002
    """One book, by a repository."""
    return await Repository(info.context["db"], info.context).find_one("book", id=id)


@fraiseql.query
async def tenant(info: fraiseql.Info) -> str | None:
    """The value that a policy would see."""
    return await info.context["db"].fetchval("SELECT current_setting('app.tenant', true)")


@pytest.fixture(scope="module")
def library(database: str) -> Iterator[Served]:
    """One connection: whatever it is sent between two requests is in the log."""
    name = database.rpartition("/")[2].partition("?")[0]
    logged = f"ALTER DATABASE {name} SET log_min_duration_statement = 0;"
    asyncio.run(execute(database, logged))
    queries = [*application.QUERIES, found, tenant]
    tables = application.TABLES + "CREATE ROLE reader; GRANT SELECT ON author TO reader;"
    options = {"types": application.TYPES, "queries": queries, "pool_size": 1}
    with served(database, tables, **options) as running:
        yield running
        running.execute(f"ALTER DATABASE {name} RESET log_min_duration_statement")
        running.execute("DROP OWNED BY reader; DROP ROLE reader")


@pytest.fixture
def log(server_log: Path) -> Log:
    return Log(server_log)


def executed(log: Log) -> list[str]:
    """Return the statements that were run; binding one belongs to running it."""
    messages = log.new()
    runs = [message for message in messages if not message.startswith("bind ")]
    assert len(messages) == 2 * len(runs), "each statement is bound once and run once"
    assert all(message.startswith("execute ") for message in runs), messages
    return [message.removeprefix("execute ") for message in runs]


AUTHOR = "query ($id: Int!) { author(id: $id) { firstName } }"
LIST = "{ books(genre: SCIENCE) { title reviews { stars } } }"


@pytest.mark.parametrize(
    ("query", "relations"),
    [
        ("query { author(id: 2) { firstName } }", ["author"]),
        (LIST, ["book"]),
        (
            "{ a: author(id: 1) { id } b: author(id: 2) { id } reviews { id } }",
            ["author", "author", "review"],
        ),
        ("{ found(id: 1) { title } }", ["book"]),
        ("{ authors(limit: 3) { label books { spine } } }", ["author"]),
        ("{ __typename __schema { queryType { name } } }", []),
        ("{ lucky { __typename } }", []),
        ("{ author(id: 99) { id } }", ["author"]),
    ],
)
def test_one_statement_for_each_field_that_sql_answers(
    library: Served, log: Log, query: str, relations: list[str]
) -> None:
    library.data(query)  # parsed by the server
    log.new()
    for _ in range(2):
        library.data(query)
        library.run(asyncio.sleep(0.01))
        statements = executed(log)
        assert len(statements) == len(relations)
        for relation in relations:
            assert any(f'FROM "public"."{relation}" AS t0' in text for text in statements)


def test_other_values_are_the_same_statement(library: Served, log: Log) -> None:
    library.data(AUTHOR, {"id": 1})
    log.new()
    names = [library.data(AUTHOR, {"id": n})["author"] for n in (2, 3, 99)]
    assert names == [{"firstName": "Émile"}, {"firstName": 'No "Books"'}, None]
    assert len(set(executed(log))) == 1


def test_a_list_that_is_not_asked_for_is_not_computed(library: Served, log: Log) -> None:
    library.data("{ books(genre: SCIENCE) { title } found(id: 1) { title } }")
    assert all("review" not in text for text in executed_or_parsed(log))
    library.data("{ books(limit: 1) { reviews { id } } found(id: 1) { reviews { id } } }")
    assert all('"public"."review"' in text for text in executed_or_parsed(log))


def executed_or_parsed(log: Log) -> list[str]:
    texts = [text for text in log.new() if text.startswith("execute ")]
    assert len(texts) == 2
    return texts


def test_first_sight_costs_no_look_at_the_catalog(library: Served, log: Log) -> None:
    log.new()
    library.data("{ books(limit: 1, offset: 1) { createdAt } }")
    kinds = [text.split()[0] for text in log.new()]
    assert kinds == ["parse", "bind", "execute"]


@pytest.mark.parametrize(
    "context",
    [
        {"session": {"app.tenant": "7"}},
        {"role": "reader"},
        {"role": "reader", "session": {"a.b": "c"}},
    ],
)
def test_an_identity_costs_one_statement_more(
    library: Served, log: Log, context: dict[str, object]
) -> None:
    for request_context in (context, {}, context, {}):
        library.data(AUTHOR, {"id": 1}, context=request_context)
    log.new()
    library.data(AUTHOR, {"id": 1}, context=context)
    assert len(executed(log)) == 2
    library.data(AUTHOR, {"id": 1}, context=context)
    assert len(executed(log)) == 1, "the connection carries it already"
    library.data(AUTHOR, {"id": 1})
    assert len(executed(log)) == 2, "what it carried is taken away"
    library.data(AUTHOR, {"id": 1})
    assert len(executed(log)) == 1


def test_a_session_variable_does_not_stay_behind(library: Served) -> None:
    for _ in range(2):
        carried = library.data("{ tenant }", context={"session": {"app.tenant": "7"}})
        assert carried == {"tenant": "7"}
        assert library.data("{ tenant }")["tenant"] in (None, "")


def test_a_role_has_its_own_rights(library: Served) -> None:
    denied = library.error("{ reviews { id } }", context={"role": "reader"})
    assert (denied["message"], denied["path"]) == (
        "The database role is not allowed to do this.",
        ["reviews"],
    )
    assert library.data("{ reviews(limit: 1) { id } }") == {"reviews": [{"id": 1}]}
