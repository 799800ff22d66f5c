"""Root fields: decorated functions, ``find`` and ``find_one``."""

from functools import partial
from typing import Annotated, Any

import graphql

import fraiseql
from fraiseql import Info
from fraiseql.schema import ATTRIBUTE, MISSING
from fraiseql.schema.definitions import QueryDefinition


@fraiseql.type(sql_source="users")
class User:
    id: int
    first_name: str
    country: str | None
    posts: list[str]


def field_sdl(*queries: Any) -> str:
    text = graphql.print_type(fraiseql.build_schema(queries=queries).graphql.type_map["Query"])
    return text.removeprefix("type Query {\n").removesuffix("\n}")


def definition_of(function: Any) -> QueryDefinition:
    definition = getattr(function, ATTRIBUTE)
    assert isinstance(definition, QueryDefinition)
    return definition


async def test_a_query_is_the_function_itself() -> None:
    async def user(info: Info, id: int) -> User:  # noqa: A002
        return User(id=id, first_name=info.context["name"], country=None, posts=[])

    decorated = fraiseql.query(user)
    assert decorated is user
    answer = await decorated(Info(context={"name": "Ada"}), 7)
    assert (answer.id, answer.first_name) == (7, "Ada")


def test_arguments_and_descriptions_come_from_the_function() -> None:
    @fraiseql.query(name="everybody", deprecation="Use users.")
    def users(info, first_name: str, limit: int = 10, *, country: str | None = None) -> list[User]:
        """Find users.

        Args:
            first_name: Starts with this,
                in any case.
            limit (int): Most of them.

        Returns:
            Not shown.
        """
        return []

    definition = definition_of(users)
    assert (definition.name, definition.graphql_name) == ("users", "everybody")
    assert (definition.description, definition.deprecation) == ("Find users.", "Use users.")
    assert definition.takes_info
    assert [(a.name, a.graphql_name, a.default, a.description) for a in definition.arguments] == [
        ("first_name", "firstName", MISSING, "Starts with this, in any case."),
        ("limit", "limit", 10, "Most of them."),
        ("country", "country", None, None),
    ]


def test_info_is_known_by_name_or_hint_and_may_be_missing() -> None:
    def by_name(info) -> int:
        return 1

    def by_hint(request: Info) -> int:
        return 1

    def by_text(request: "Info") -> int:
        return 1

    def by_path(request: "fraiseql.Info") -> int:
        return 1

    def without(number: int) -> int:
        return 1

    taken = [by_name, by_hint, by_text, by_path, without]
    assert [definition_of(fraiseql.query(function)).takes_info for function in taken] == [
        True,
        True,
        True,
        True,
        False,
    ]


def test_find_takes_filter_order_and_page() -> None:
    sdl = field_sdl(fraiseql.find("active_users", User, by=("country", "first_name")))
    assert [line.strip() for line in sdl.splitlines() if ":" in line] == [
        "country: String",
        "firstName: String",
        "where: UserWhere",
        "orderBy: [UserOrderBy!]",
        "limit: Int",
        "offset: Int",
        "): [User!]!",
    ]


def test_find_one_of_the_only_row() -> None:
    sdl = field_sdl(fraiseql.find_one("user", User, by=None))
    assert sdl.strip() == "user: User"


def test_find_one_requires_its_key() -> None:
    sdl = field_sdl(fraiseql.find_one("user", User, by=["id", "country"], description="One."))
    assert sdl == '  """One."""\n  user(id: Int!, country: String!): User'


def test_find_has_its_declared_attributes() -> None:
    schema = fraiseql.build_schema(
        queries=[
            fraiseql.find("users", User, order_by=("-country", "id"), default_limit=5, max_limit=9)
        ]
    )
    definition = schema.queries["users"]
    assert (definition.many, definition.order_by) == (True, ("-country", "id"))
    assert (definition.default_limit, definition.max_limit) == (5, 9)
    assert definition.function is None
    assert [argument.name for argument in definition.arguments] == [
        "where",
        "order_by",
        "limit",
        "offset",
    ]
    limit = schema.graphql.query_type.fields["users"].args["limit"]  # type: ignore[union-attr]
    assert limit.description == "Most rows; 5 when left out; at most 9."


def test_find_of_a_union_has_no_filter() -> None:
    @fraiseql.type
    class Bot:
        serial: int

    actor = fraiseql.union("Actor", [User, Bot], sql_source="actors")
    assert field_sdl(fraiseql.find("actors", actor)).count("where") == 0
    assert "): [Actor!]!" in field_sdl(fraiseql.find("actors", actor))


def test_find_of_an_annotated_union() -> None:
    actor = Annotated[User, fraiseql.union("Actor", sql_source="actors")]
    assert "): [Actor!]!" in field_sdl(fraiseql.find("actors", actor))


def test_a_resolver_may_take_the_generated_inputs() -> None:
    @fraiseql.query
    def users(
        where: fraiseql.Where[User] | None = None, order_by: fraiseql.OrderBy[User] | None = None
    ) -> list[User]:
        return []

    assert field_sdl(users) == "  users(where: UserWhere, orderBy: [UserOrderBy!]): [User!]!"


def test_a_wrapped_function_keeps_its_signature() -> None:
    import functools  # noqa: PLC0415

    def logged(function: Any) -> Any:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return run

    @fraiseql.query
    @logged
    def users(info: Info, limit: int = 3) -> "list[User]":
        return []

    assert field_sdl(users) == "  users(limit: Int! = 3): [User!]!"


def test_a_callable_object_is_served() -> None:
    def page(size: int, number: int) -> int:
        return size * number

    assert field_sdl(fraiseql.query(name="page")(partial(page, size=2))).startswith("  page(")
