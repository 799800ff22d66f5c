"""Missing relations and columns are reported before the first request."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError, FraiseQLError, SourceError
from tests.integration.serving.served import served

TABLES = """
CREATE TABLE person (id int PRIMARY KEY, full_name text, data jsonb, note text);
CREATE TABLE letter (id int PRIMARY KEY, person_id int, sent_at timestamptz);
CREATE TABLE pair (a int, b int, data jsonb, PRIMARY KEY (a, b));
CREATE SCHEMA other; CREATE TABLE other.hidden (id int PRIMARY KEY);
"""


@pytest.fixture(scope="module")
def tables(database: str) -> Iterator[str]:
    @fraiseql.type(sql_source="person")
    class Person:
        id: int

    with served(database, TABLES, queries=[fraiseql.find("people", Person)]) as running:
        assert running.data("{ people { id } }") == {"people": []}
        yield database


@fraiseql.type
class Letter:
    id: int


def start(url: str, type_: Any) -> None:
    with served(url, queries=[fraiseql.find("found", type_)]) as running:
        running.data("{ found { __typename } }")


def relation_missing() -> Any:
    @fraiseql.type(sql_source="persn")
    class Person:
        id: int

    return Person


def schema_missing() -> Any:
    @fraiseql.type(sql_source="hidden")
    class Hidden:
        id: int

    return Hidden


def column_missing() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        fullname: str

    return Person


def document_missing() -> Any:
    @fraiseql.type(sql_source="person", jsonb_column="date")
    class Person:
        id: int

    return Person


def document_of_text() -> Any:
    @fraiseql.type(sql_source="person", jsonb_column="note")
    class Person:
        id: int

    return Person


def key_missing() -> Any:
    @fraiseql.type(sql_source="person", key="ids")
    class Person:
        id: int

    return Person


def embed_relation() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        letters: list[Letter] = fraiseql.embed("leter", on="person_id")

    return Person


def embed_on() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        letters: list[Letter] = fraiseql.embed("letter", on="personid")

    return Person


def embed_via() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        letter: Letter | None = fraiseql.embed("letter", via="leter_id")

    return Person


def embed_order() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        letters: list[Letter] = fraiseql.embed("letter", on="person_id", order_by="-sent")

    return Person


def embed_where() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        letters: list[Letter] = fraiseql.embed("letter", on="person_id", where="sent IS NULL")

    return Person


def embed_syntax() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        letters: list[Letter] = fraiseql.embed("letter", on="person_id", where="sent_at IS")

    return Person


def embed_alias() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        letters: list[Letter] = fraiseql.embed("letter", on="person_id", where="t1.id > 0")

    return Person


def embed_captured() -> Any:
    @fraiseql.type(sql_source="person")
    class Person:
        letters: list[Letter] = fraiseql.embed(
            "letter", on="person_id", where="(SELECT count(full_name) FROM letter AS full_name) > 0"
        )

    return Person


def embed_key_length() -> Any:
    @fraiseql.type(sql_source="pair", jsonb_column="data")
    class Pair:
        letters: list[Letter] = fraiseql.embed("letter", on="person_id")

    return Pair


def embedded_column() -> Any:
    @fraiseql.type
    class Note:
        id: int
        body: str

    @fraiseql.type(sql_source="person")
    class Person:
        notes: list[Note] = fraiseql.embed("letter", on="person_id")

    return Person


def embedded_object() -> Any:
    @fraiseql.type
    class Note:
        id: int
        body: str

    @fraiseql.type(sql_source="person")
    class Person:
        note: Note | None = fraiseql.embed("letter", via="id")

    return Person


def embedded_below() -> Any:
    @fraiseql.type
    class Inner:
        people: list[Letter] = fraiseql.embed("person", on="letter")

    @fraiseql.type(sql_source="person")
    class Person:
        letters: list[Inner] = fraiseql.embed("letter", on="person_id")

    return Person


CASES = {
    relation_missing: (SourceError, "which does not exist. Did you mean 'person'?"),
    schema_missing: (SourceError, "reads relation 'hidden', which does not exist."),
    column_missing: (SourceError, "public.person. Did you mean 'full_name'?"),
    document_missing: (SourceError, "has no jsonb_column 'date'. Did you mean 'data'?"),
    document_of_text: (SourceError, "names jsonb_column='note', which is text, not jsonb."),
    key_missing: (SourceError, "key column 'ids', which 'person' has not. Did you mean 'id'?"),
    embed_relation: (SourceError, "'leter', which does not exist. Did you mean 'letter'?"),
    embed_on: (DeclarationError, "joins by 'personid', no column of public.letter."),
    embed_via: (DeclarationError, "Person.letter joins by 'leter_id', no column of public.person."),
    embed_order: (FraiseQLError, "no field 'sent' to compare or order by. Did you mean 'sent_at'?"),
    embed_where: (SourceError, 'where= of Person.letters: column "sent" does not exist'),
    embed_syntax: (SourceError, "PostgreSQL refuses the where= of Person.letters: syntax error"),
    embed_alias: (SourceError, 'missing FROM-clause entry for table "t1"'),
    embed_captured: (SourceError, 'column reference "full_name" is ambiguous'),
    embed_key_length: (DeclarationError, "('person_id',) with ('a', 'b'): the two keys differ"),
    embedded_object: (SourceError, "Note.body has no column in public.letter."),
    embedded_below: (DeclarationError, "Inner.people joins by 'letter', no column of"),
    embedded_column: (SourceError, "Note.body has no column in public.letter."),
}


@pytest.mark.parametrize("declare", CASES, ids=lambda declare: declare.__name__)
def test_a_mistake_is_said_at_the_start(tables: str, declare: Any) -> None:
    kind, text = CASES[declare]
    with pytest.raises(kind, match=re.escape(text)):
        start(tables, declare())


def test_a_schema_can_be_named(tables: str) -> None:
    @fraiseql.type(sql_source="other.hidden")
    class Hidden:
        id: int

    start(tables, Hidden)


def test_an_application_that_was_refused_can_start_later(tables: str) -> None:
    @fraiseql.type(sql_source="later")
    class Later:
        id: int

    with pytest.raises(SourceError):
        start(tables, Later)
    with served(
        tables, "CREATE TABLE later (id int)", queries=[fraiseql.find("found", Later)]
    ) as running:
        assert running.data("{ found { id } }") == {"found": []}
