"""Inputs of orders."""

import pytest

import fraiseql
from fraiseql.schema import build_schema


@pytest.mark.parametrize(
    "name", ["Count", "List", "Page", "Edge", "Order", "Key", "Group", "Filter"]
)
def test_a_type_may_have_the_name_of_a_general_word(name: str) -> None:
    @fraiseql.type(name="Item")
    class Item:
        id: int

    @fraiseql.type(name=name, sql_source="tb_word")
    class Word:
        id: int
        tags: list[str]
        items: list[Item] = fraiseql.embed("tb_item", on="word_id")

    build_schema(queries=[fraiseql.find("words", Word), fraiseql.connection("word_pages", Word)])
