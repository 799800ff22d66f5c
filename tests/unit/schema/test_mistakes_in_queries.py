"""Mistakes in queries and in arguments of ``find``."""

from collections.abc import Callable
from typing import Any

import pytest

import fraiseql
from fraiseql.schema import build_schema
from tests.unit.schema.mistakes import Mistakes, Period, Plain, User, check, with_query

mistake = Mistakes()


@mistake("@fraiseql.query decorates", "not a function")
def query_on_a_class() -> None:
    fraiseql.query(Plain)


@mistake("Query numbers has no return type hint", "-> list[Post]")
def query_without_return_hint() -> None:
    def numbers():
        return 1

    with_query(numbers)


@mistake("Query numbers, argument 'limit', has no type hint", "limit: int")
def argument_without_hint() -> None:
    def numbers(info, limit) -> int:
        return 1

    with_query(numbers)


@mistake("Query numbers", "*limits", "cannot be a GraphQL argument")
def variadic_argument() -> None:
    def numbers(*limits: int) -> int:
        return 1

    with_query(numbers)


@mistake("Query numbers takes 'info' after its arguments", "Write info first")
def info_in_the_wrong_place() -> None:
    def numbers(limit: int, info: fraiseql.Info) -> int:
        return 1

    with_query(numbers)


@mistake("Query numbers, argument 'user' is User, which is for output only", "@fraiseql.input")
def output_type_as_argument() -> None:
    def numbers(user: User) -> int:
        return 1

    with_query(numbers)


@mistake("Query numbers: arguments 'first_name' and 'firstName'", "'firstName'")
def two_arguments_with_one_name() -> None:
    def numbers(first_name: int, firstName: int) -> int:  # noqa: N803 - the mistake
        return 1

    with_query(numbers)


@mistake("Query numbers, argument 'limit'", "default None", "limit: int | None = None")
def default_that_is_not_of_the_hint() -> None:
    def numbers(limit: int = None) -> int:  # type: ignore[assignment]  # noqa: RUF013
        return 1

    with_query(numbers)


@mistake("Query period returns Period, which is an input", "@fraiseql.type")
def input_as_output() -> None:
    def period() -> Period | None:
        return None

    with_query(period)


@mistake("Plain has no fields to filter", "fraiseql.Where[User]")
def filter_of_an_undeclared_class() -> None:
    def numbers(where: fraiseql.Where[Plain] | None = None) -> int:
        return 1

    with_query(numbers)


@mistake("There are no queries", "fraiseql.find(")
def no_queries() -> None:
    build_schema(types=[User])


@mistake("queries has with_query, which is not a query", "@fraiseql.query")
def query_that_is_not_decorated() -> None:
    build_schema(queries=[with_query])


@mistake("Queries users and users", "'users'")
def two_queries_with_one_name() -> None:
    build_schema(queries=[fraiseql.find("users", User), fraiseql.find("users", User)])


@mistake("find('posts') finds Post, which has no sql_source", '@fraiseql.type(sql_source="…")')
def find_without_a_relation() -> None:
    @fraiseql.type
    class Post:
        id: int

    build_schema(queries=[fraiseql.find("posts", Post)])


@mistake("find('numbers') finds int, which is not an object type")
def find_of_a_scalar() -> None:
    build_schema(queries=[fraiseql.find("numbers", int)])


@mistake("find('users') names 'nam', which is not a field of User", "'name'", "id, name")
def find_by_an_unknown_field() -> None:
    build_schema(queries=[fraiseql.find("users", User, by="nam")])


@mistake("find_one('user') names User.tags, which is not a stored scalar or enum", "id, name")
def find_by_a_list() -> None:
    build_schema(queries=[fraiseql.find_one("user", User, by="tags")])


@mistake("find('users') names 'creatd'", "Fields of User: id, name")
def find_in_an_unknown_order() -> None:
    build_schema(queries=[fraiseql.find("users", User, order_by=("-id", "-creatd"))])


@mistake("find_one('user') has an empty by", 'by="id"')
def find_one_by_nothing() -> None:
    fraiseql.find_one("user", User, by=())


@mistake("find('users') finds list[", "Write the class alone: User")
def find_of_a_list() -> None:
    build_schema(queries=[fraiseql.find("users", list[User])])


@mistake("find has 1 as its name", 'fraiseql.find("users", User')
def find_without_a_name() -> None:
    fraiseql.find(1, User)  # type: ignore[arg-type]


@mistake("order_by holds '-', which is not a name")
def find_in_the_order_of_nothing() -> None:
    fraiseql.find("users", User, order_by=["-"])


@mistake("Query numbers, argument 'extra'", "JSON serializable", "extra: dict | None = None")
def default_that_json_cannot_hold() -> None:
    def numbers(extra: dict = {"a": {1}}) -> int:  # type: ignore[type-arg]  # noqa: B006
        return 1

    with_query(numbers)


@mistake("find('users') has max_limit=0", "1 or more")
def find_with_limit_zero() -> None:
    fraiseql.find("users", User, max_limit=0)


@mistake("find('users') has default_limit=20, above max_limit=10")
def find_with_a_default_above_the_maximum() -> None:
    fraiseql.find("users", User, default_limit=20, max_limit=10)


@mistake("find('limits') has by='limit'", "filter with where")
def find_by_a_field_that_is_an_argument() -> None:
    @fraiseql.type(sql_source="limits")
    class Limit:
        limit: int

    build_schema(queries=[fraiseql.find("limits", Limit, by="limit")])


@mistake("queries has 'users', which is not a query", "fraiseql.find(")
def name_given_as_a_query() -> None:
    build_schema(queries=["users"])


@pytest.mark.parametrize(("case", "said"), mistake.cases)
def test_a_mistake_says_what_to_write(case: Callable[[], Any], said: tuple[str, ...]) -> None:
    check(case, said)
