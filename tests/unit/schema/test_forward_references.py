"""String hints, evaluated when the schema is built."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import graphql
import pytest

import fraiseql

if TYPE_CHECKING:
    from tests.unit.schema.other_module import Country


@fraiseql.type(sql_source="posts")
class Post:
    id: int
    author: User | None = fraiseql.embed("users", via="user_id")

    @fraiseql.field
    def related(self, like: Style | None = None) -> list[Post]:
        return []


@fraiseql.input
class Style:
    name: str
    deeper: list[Style] | None = None


@fraiseql.type(sql_source="users")
class User:
    id: int
    posts: list[Post] = fraiseql.embed("posts", on="user_id")
    country: Country | None = fraiseql.embed("countries", via="country_id")


@fraiseql.query
async def users(info: fraiseql.Info, where: fraiseql.Where[User] | None = None) -> list[User]:
    return []


def printed(types: list[type], *queries: object) -> str:
    schema = fraiseql.build_schema(types=types, queries=queries)
    text = graphql.print_type(schema.graphql.type_map["User"])
    return re.sub(r"posts\([^)]*\)", "posts(…)", text)


def country() -> type:
    from tests.unit.schema.other_module import Country  # noqa: PLC0415

    return Country


def test_classes_may_name_each_other_in_any_order() -> None:
    assert printed([country()], users) == (
        "type User {\n  id: Int!\n  posts(…): [Post!]!\n  country: Country\n}"
    )


def test_a_class_that_only_type_checkers_import_is_found_through_types() -> None:
    schema = fraiseql.build_schema(types=[country()], queries=[users])
    assert schema.fields["User"]["country"].annotation == country() | None
    with pytest.raises(fraiseql.DeclarationError) as caught:
        fraiseql.build_schema(queries=[users])
    assert "User.country" in caught.value.message
    assert "names 'Country', which is not declared" in caught.value.message


def test_a_class_that_another_query_names_is_found() -> None:
    assert "country: Country" in printed([], users, fraiseql.find("countries", country()))
    assert "country: Country" in printed([], fraiseql.find("countries", country()), users)


def test_classes_inside_of_a_function_are_found_through_types() -> None:
    @fraiseql.type
    class Leaf:
        name: str
        branch: Branch | None = None

    @fraiseql.type
    class Branch:
        leaves: list[Leaf]

    @fraiseql.query
    def leaf() -> Leaf | None:
        return None

    schema = fraiseql.build_schema(types=[Branch, Leaf], queries=[leaf])
    assert list(schema.objects) == ["Branch", "Leaf"]


def test_an_inherited_hint_is_evaluated_where_it_was_written() -> None:
    base = country()

    @fraiseql.type
    class Region(base):  # type: ignore[misc,valid-type]
        size: int

    schema = fraiseql.build_schema(types=[Region], queries=[users, fraiseql.find("c", base)])
    assert graphql.print_type(schema.graphql.type_map["Region"]) == (
        "type Region {\n  code: String!\n  founded: Date\n  size: Int!\n}"
    )
