"""A declared projection: applied, written to, compared, damaged, repaired."""

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.projection.declared import (
    DEEP,
    Boss,
    Hand,
    Person,
    drift,
    mended,
    published_of,
    region,
    reset_database,
    verified,
)

Region = region()


@pytest.fixture
async def url(database: str) -> AsyncIterator[str]:
    """Address of a database with the tables, and the projections of two types over them."""
    await reset_database(database)
    await applied(database, Region, Person)
    return database


async def test_applied_it_is_whole_and_nothing_is_left_to_do(url: str) -> None:
    assert (await planned(url, Region, Person)).empty
    verification = await verified(url, Region, Person)
    assert [(item.compared, item.differing) for item in verification] == [(4, 0), (24, 0)]
    (row,) = await sql(url, "SELECT data::text FROM tv_region WHERE country = 'no' AND code = 1")
    document = json.loads(row[0])
    assert list(document) == ["code", "teams", "country"]
    team = document["teams"][-1]
    assert team["parent"]["name"] == "team 4"
    assert team["people"][0]["boss"]["id"] < team["people"][0]["id"]
    tasks = [
        task["number"] for each in document["teams"] for p in each["people"] for task in p["tasks"]
    ]
    assert len(tasks) > 3


async def test_documents_stay_right_for_any_writer(url: str) -> None:
    hand = Hand(url, 1)
    await hand.write(250)
    assert await drift(url, Region, Person) == 0
    for statement in (
        "TRUNCATE tb_task_low",
        "DELETE FROM tb_region WHERE country = 'fr'",
        "INSERT INTO tb_region VALUES ('it', 1, 'Turin')",
        "UPDATE tb_task SET person_id = person_id + 100 WHERE person_id > 20",
        "TRUNCATE tb_region CASCADE",
    ):
        await sql(url, statement)
        assert await drift(url, Region, Person) == 0, statement


async def test_the_source_map_of_a_declared_projection(url: str) -> None:
    stored_type = (await published_of(url, Region, Person))["Region"]
    assert stored_type is not None
    assert (stored_type.document, stored_type.place, stored_type.freshness) == (
        "data",
        "beside",
        None,
    )
    assert stored_type.embeds == {"teams", "teams.people", *DEEP}
    assert list(stored_type.relation.columns) == ["country", "code", "data"]
    rows = await sql(url, f"SELECT country, code, data FROM {stored_type.relation.sql}")
    assert len(rows) == 4
    # By default: the type's own embeds, and none of theirs.
    person = (await published_of(url, Region, Person))["Person"]
    assert person is not None
    assert person.embeds == {"boss", "tasks"}


async def test_a_response_ready_text_is_stored_too(url: str) -> None:
    texts = region(text=True)
    await applied(url, texts, Person)
    stored_type = (await published_of(url, texts, Person))["Region"]
    assert stored_type is not None
    assert stored_type.document == "body"
    await sql(url, "UPDATE tb_person SET name = 'new' WHERE id = 1")
    assert await drift(url, texts) == 0
    await sql(url, "UPDATE tv_region SET body = '{}' WHERE country = 'fr'")
    assert await drift(url, texts) == 1
    assert await mended(url, texts) == {"Region": 1, "Person": 0}
    assert await drift(url, texts) == 0


async def test_tampering_is_reported_field_by_field_and_repaired(url: str) -> None:
    await sql(url, 'UPDATE tv_person SET data = data || \'{"name": "forged"}\' WHERE id = 3')
    await sql(url, "DELETE FROM tv_person WHERE id = 4")
    (verification,) = await verified(url, Person)
    assert (verification.compared, verification.differing) == (24, 2)
    lines = [line for difference in verification.differences for line in difference.lines()]
    assert lines[0] == 'id=3: name: stored "forged", live "person 3"'
    assert lines[1].startswith('id=4: stored nothing, live {"id": 4')
    # A sample takes the keys of both sides, so that missing documents are found too.
    sampled = [(await verified(url, Person, sample=share))[0] for share in (50.0, 99.9)]
    assert 0 < sampled[0].compared < 24
    assert sampled[1].differing == 2
    assert await mended(url, Person) == {"Person": 2}
    assert (await verified(url, Person))[0].differing == 0
    assert await mended(url, Person) == {"Person": 0}


async def test_a_document_without_its_row_is_found_and_goes(url: str) -> None:
    await sql(url, "INSERT INTO tv_person VALUES (999, '{\"id\": 999}')")
    assert await drift(url, Person) == 1
    assert await mended(url, Person) == {"Person": 1}
    assert await sql(url, "SELECT 1 FROM tv_person WHERE id = 999") == []


async def test_what_is_not_declared_any_more_goes_without_a_trace(url: str) -> None:
    before = await sql(url, _TRACES)
    assert before != []
    plan = await applied(url, Boss)
    kinds = [object_.kind for step in plan.steps for object_ in step.dropped]
    # Readers first, triggers before what they call, functions before the tables they write.
    names = [item.name for step in plan.steps for item in step.dropped]
    written = [i for i, k in enumerate(kinds) if k == "table" and "fingerprints" not in names[i]]
    assert max(i for i, k in enumerate(kinds) if k == "trigger") < min(written)
    reading = [place for place, name in enumerate(names) if "stored_tv_" in name]
    assert max(reading) < kinds.index("trigger")
    assert await sql(url, _TRACES) == []
    assert (await planned(url, Boss)).empty
    await sql(url, "UPDATE tb_person SET name = 'x'")


_TRACES = """SELECT relname FROM pg_class WHERE relname ~ '^(tv_|v_|fql_)' OR relname = 'flush'
UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'fraiseql'::regnamespace
UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'fql%'"""


async def test_a_transaction_reads_its_own_result(url: str) -> None:
    await sql(
        url,
        """CREATE ROLE fql_visitor; GRANT USAGE ON SCHEMA public TO fql_visitor;
        GRANT SELECT, UPDATE ON tb_person TO fql_visitor;
        GRANT SELECT ON tv_person TO fql_visitor""",
    )
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE fql_visitor")
            await connection.execute("UPDATE tb_person SET name = 'mine' WHERE id = 5")
            assert await _name(connection) == "person 5"
            await connection.execute("SET CONSTRAINTS fraiseql.flush IMMEDIATE")
            assert await _name(connection) == "mine"
    finally:
        await connection.close()
        await sql(url, "DROP OWNED BY fql_visitor; DROP ROLE fql_visitor")
    assert await drift(url, Person) == 0


async def _name(connection: asyncpg.Connection) -> Any:
    return await connection.fetchval("SELECT data->>'name' FROM tv_person WHERE id = 5")


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
async def test_another_isolation_level_is_refused_with_a_remedy(url: str, level: str) -> None:
    statement = f"BEGIN ISOLATION LEVEL {level}; UPDATE tb_person SET name = 'x'; COMMIT"
    with pytest.raises(asyncpg.FeatureNotSupportedError, match="READ COMMITTED") as caught:
        await sql(url, statement)
    assert caught.value.hint == "Write in a READ COMMITTED transaction."
    # Columns that no document reads can be written at any level.
    await sql(url, statement.replace("name = 'x'", "born = NULL"))


async def test_roles_that_may_not_read_the_tables_get_no_documents(url: str) -> None:
    await sql(
        url,
        """CREATE ROLE fql_reader LOGIN; GRANT USAGE ON SCHEMA fraiseql, public TO fql_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA public, fraiseql TO fql_reader;
        GRANT EXECUTE ON FUNCTION fraiseql.fingerprint_now, fraiseql.is_as_recorded,
          fraiseql.definitions_changed TO fql_reader""",
    )
    try:
        assert (await published_of(url, Person, user="fql_reader"))["Person"] is not None
        for right in (
            "SELECT ON fraiseql.fingerprints",
            "EXECUTE ON FUNCTION fraiseql.is_as_recorded",
        ):
            await sql(url, f"REVOKE {right} FROM fql_reader")
            assert (await published_of(url, Person, user="fql_reader"))["Person"] is None
            await sql(url, f"GRANT {right} TO fql_reader")
        usage = "USAGE ON SCHEMA fraiseql"
        await sql(url, f"REVOKE {usage} FROM PUBLIC, fql_reader")
        assert (await published_of(url, Person, user="fql_reader"))["Person"] is None
        await sql(url, f"GRANT {usage} TO PUBLIC")
        await sql(url, "REVOKE SELECT ON tb_task FROM fql_reader")
        assert (await published_of(url, Person, user="fql_reader"))["Person"] is None
        await sql(url, "GRANT SELECT ON tb_task TO fql_reader")
        await sql(url, "ALTER TABLE tb_task ENABLE ROW LEVEL SECURITY")
        assert (await published_of(url, Person, user="fql_reader"))["Person"] is None
    finally:
        await sql(url, "DROP OWNED BY fql_reader; DROP ROLE fql_reader")
