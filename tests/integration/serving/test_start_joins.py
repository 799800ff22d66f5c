"""Checks at the start of joins, orders and keys."""

import datetime as dt
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import SourceError
from tests.integration.serving.served import served
from tests.integration.serving.startup import one_field, refused, warned


def test_embeds_are_compared_too(compared: str, caplog: pytest.LogCaptureFixture) -> None:
    @fraiseql.type
    class Child:
        parent: int

    @fraiseql.type(sql_source="sample")
    class Sample:
        children: list[Child] = fraiseql.embed("child", on="parent_id")

    assert "Child.parent is int" in refused(compared, fraiseql.find("found", Sample))


@fraiseql.type
class Child:
    id: int


def embed_of_another_type() -> Any:
    @fraiseql.type(sql_source="sample")
    class Sample:
        children: list[Child] = fraiseql.embed("child", on="parent")

    return Sample


def object_of_another_type() -> Any:
    @fraiseql.type(sql_source="sample")
    class Sample:
        child: Child | None = fraiseql.embed("child", via="ident")

    return Sample


def enum_with_text() -> Any:
    @fraiseql.type(sql_source="sample")
    class Sample:
        children: list[Child] = fraiseql.embed("child", on="parent", parent_key="feeling")

    return Sample


def order_without_operator() -> Any:
    @fraiseql.type(sql_source="sample")
    class Sample:
        children: list[Child] = fraiseql.embed("child", on="parent_id", order_by="doc")

    return Sample


JOINS = {
    embed_of_another_type: ("child.parent, which is text", "sample.id, which is integer"),
    object_of_another_type: ("child.id, which is integer", "sample.ident, which is uuid"),
    enum_with_text: ("child.parent, which is text", "sample.feeling, which is public.mood"),
}


@pytest.mark.parametrize("declare", JOINS, ids=lambda declare: declare.__name__)
def test_a_join_of_types_that_postgresql_cannot_compare_is_refused(
    compared: str, declare: Any
) -> None:
    text = refused(compared, fraiseql.find("found", declare()))
    assert "joins" in text
    assert all(part in text for part in JOINS[declare])


def test_types_that_postgresql_can_compare_may_join(compared: str) -> None:
    @fraiseql.type(sql_source="sample")
    class Sample:
        by_whole: list[Child] = fraiseql.embed("child", on="id", parent_key="counted")
        by_large: list[Child] = fraiseql.embed("child", on="parent_id", parent_key="small")
        by_text: list[Child] = fraiseql.embed("child", on="parent", parent_key="padded")

    with served(compared, queries=[fraiseql.find("found", Sample)]) as running:
        rows = running.data("{ found { byWhole { id } byLarge { id } byText { id } } }")
    assert rows == {"found": [{"byWhole": [], "byLarge": [], "byText": []}]}


@pytest.mark.parametrize("name", ["place", "plain"])
@pytest.mark.parametrize("option", ["order_by", "by"])
def test_a_column_that_cannot_be_compared_gives_no_order_and_no_argument(
    compared: str, name: str, option: str
) -> None:
    type_ = one_field(name, str)
    text = refused(compared, fraiseql.find("found", type_, **{option: name}))
    assert f"public.sample.{name}" in text
    assert "cannot compare such values" in text


def test_find_one_by_columns_that_are_not_unique_is_a_warning(
    compared: str, caplog: pytest.LogCaptureFixture
) -> None:
    @fraiseql.type(sql_source="child")
    class Kid:
        id: int
        parent: str
        code: int

    unique = [("id",), ("parent", "code"), ("id", "code")]
    for by in unique:
        assert warned(compared, caplog, fraiseql.find_one("kid", Kid, by=by)) == ""
    # A partial index says nothing of the other rows.
    for name in ("parent", "code"):
        caplog.clear()
        text = warned(compared, caplog, fraiseql.find_one("kid", Kid, by=name))
        assert f"find_one('kid') picks one row by public.child.{name}" in text


def test_an_embedded_object_by_a_key_that_is_not_unique_is_a_warning(
    compared: str, caplog: pytest.LogCaptureFixture
) -> None:
    @fraiseql.type(sql_source="sample")
    class Sample:
        right: Child | None = fraiseql.embed("child", via="large", target_key="parent_id")
        wrong: Child | None = fraiseql.embed("child", via="normal", target_key="code")

    text = warned(compared, caplog, fraiseql.find("found", Sample))
    assert "Sample.wrong embeds one row by public.child.code" in text
    assert "Sample.right" not in text


def test_all_that_is_wrong_is_said_at_once(compared: str) -> None:
    @fraiseql.type(sql_source="sample")
    class Sample:
        words: int
        day: dt.datetime

    text = refused(compared, fraiseql.find("found", Sample))
    assert "Sample.words is int" in text
    assert "Sample.day is datetime.datetime" in text


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (fraiseql.Index("wrds"), "no field, 'wrds'. Did you mean 'words'?"),
        (fraiseql.Index("numbers"), "numbers is integer[]: requests cannot order by it"),
        (fraiseql.Index("words", where={"trut": True}), "Did you mean 'truth'?"),
        (fraiseql.RollingIndex("words", window="30 days"), "words is text"),
    ],
    ids=repr,
)
def test_an_index_over_a_column_that_it_cannot_have_is_refused(
    compared: str, index: Any, said: str
) -> None:
    @fraiseql.type(sql_source="sample", indexes=[index])
    class Sample:
        id: int
        words: str

    queries = [fraiseql.find("found", Sample)]
    with pytest.raises(SourceError) as caught, served(compared, queries=queries):
        pass
    assert caught.value.code == "INDEX_COLUMN"
    assert said in str(caught.value)


OWNED = """
CREATE TABLE owner (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE thing (id int PRIMARY KEY, owner_id int NOT NULL REFERENCES owner, loose_id int
  REFERENCES owner, free_id int NOT NULL);
INSERT INTO owner VALUES (1, 'Ada'); INSERT INTO thing VALUES (1, 1, NULL, 9), (2, 1, 1, 1);
"""


@fraiseql.type
class Owner:
    id: int
    name: str


def test_an_embedded_object_may_be_non_null_over_a_foreign_key(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    @fraiseql.type(sql_source="thing")
    class Thing:
        id: int
        owner: Owner = fraiseql.embed("owner", via="owner_id")
        loose: Owner = fraiseql.embed("owner", via="loose_id")
        free: Owner = fraiseql.embed("owner", via="free_id")

    with served(database, OWNED, queries=[fraiseql.find("things", Thing)]) as running:
        text = caplog.text
        rows = running.data("{ things { owner { name } } }")["things"]
        assert rows == [{"owner": {"name": "Ada"}}] * 2
        for name in ("loose", "free"):
            error = running.error(f"{{ things {{ {name} {{ name }} }} }}")
            assert error["path"] == ["things", 0, name]
        thing: Any = running.service.schema.graphql.type_map["Thing"]
        assert str(thing.fields["owner"].type) == "Owner!"
    assert "Thing.owner" not in text
    assert "Thing.loose is never null, but public.thing.loose_id may hold null" in text
    assert "Thing.free is never null, but public.thing.free_id is no foreign key to owner" in text
