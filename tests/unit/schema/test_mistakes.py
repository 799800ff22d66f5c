"""Every mistake in a declaration is an error that names the place and what to write instead."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

import fraiseql
from fraiseql.schema import build_schema

CASES: list[Any] = []


def mistake(*said: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register a case: what its error must say, the message's part and the hint's part."""

    def register(case: Callable[[], Any]) -> Callable[[], Any]:
        CASES.append(pytest.param(case, said, id=case.__name__))
        return case

    return register


@fraiseql.type(sql_source="users")
class User:
    id: int
    name: str
    tags: list[str]
    extra: dict[str, Any]


@fraiseql.input
class Period:
    year: int


@fraiseql.interface
class Node:
    id: int


class Plain:
    pass


class Undeclared(enum.Enum):
    RED = 1


def with_field(hint: Any, value: Any = ...) -> None:
    """Build a schema with a class ``Thing`` that has one more field of this hint."""
    body: dict[str, Any] = {"__annotations__": {"id": int, "wrong": hint}, "__module__": __name__}
    if value is not ...:
        body["wrong"] = value
    thing = fraiseql.type(sql_source="things")(type("Thing", (), body))
    build_schema(queries=[fraiseql.find("things", thing)])


def with_query(function: Any) -> None:
    build_schema(queries=[fraiseql.query(function)])


@mistake("Thing.wrong", "set[int]", "Write list[int]")
def unknown_hint() -> None:
    with_field(set[int])


@mistake("Thing.wrong", "tuple[str, int]", "Write list[str]")
def tuple_hint() -> None:
    with_field(tuple[str, int])


@mistake("Thing.wrong", "list is not a type", "list[str], list[User]")
def bare_list() -> None:
    with_field(list)


@mistake("Thing.wrong", "bytes", "Write int, float, str")
def bytes_hint() -> None:
    with_field(bytes)


@mistake("Thing.wrong", "Literal", "enum.Enum class decorated with @fraiseql.enum")
def literal_hint() -> None:
    with_field(Literal["a"])


@mistake("Thing.wrong", "Plain", "Decorate class Plain with @fraiseql.type")
def undeclared_class() -> None:
    with_field(list[Plain])


@mistake("Thing.wrong", "Undeclared", "Decorate class Undeclared with @fraiseql.enum")
def undeclared_enum() -> None:
    with_field(Undeclared | None)


@mistake("Thing.wrong", "None is not a type", "str | None")
def none_hint() -> None:
    with_field(None)


@mistake("Thing.wrong", "int | str is a union without a name", "fraiseql.union('intOrstr'")
def union_of_scalars() -> None:
    with_field(int | str)


@mistake(
    "Query pets", "User | Thing is a union", "UserOrThing = fraiseql.union('UserOrThing', [User"
)
def union_without_a_name() -> None:
    @fraiseql.type
    class Thing:
        id: int

    def pets() -> list[User | Thing]:
        return []

    with_query(pets)


@mistake("Thing.wrong", "Where", "fraiseql.Where[User]")
def bare_where() -> None:
    with_field(fraiseql.Where)


@mistake("Thing.wrong", "names 'Usr'", "Did you mean 'User'?", "create_app(types=[…])")
def unresolved_forward_reference() -> None:
    body = {"__annotations__": {"wrong": "list[Usr]", "user": User}, "__module__": __name__}
    thing = fraiseql.type(type("Thing", (), body))
    build_schema(types=[User, thing], queries=[fraiseql.find("users", User)])


@mistake("Thing.wrong", "'list[' is not a type hint", "Write a type")
def hint_with_a_syntax_error() -> None:
    with_field("list[")


@mistake("Thing.wrong has no type hint", "wrong: str = fraiseql.field(…)")
def missing_hint_on_a_field() -> None:
    @fraiseql.type
    class Thing:
        id: int
        wrong = fraiseql.field(description="no hint")


@mistake("Thing.wrong has no type hint")
def missing_hint_on_an_embed() -> None:
    @fraiseql.type
    class Thing:
        id: int
        wrong = fraiseql.embed("users", on="thing_id")


@mistake("Thing cannot be made a dataclass", "mutable default", "default_factory=list")
def mutable_default() -> None:
    @fraiseql.type
    class Thing:
        wrong: list[int] = []  # noqa: RUF012 - the mistake


@mistake("Thing has no fields", "id: int")
def no_fields() -> None:
    @fraiseql.type
    class Thing:
        pass

    build_schema(types=[Thing], queries=[fraiseql.find("users", User)])


@mistake("Thing.first_name and Thing.firstName", "'firstName'", 'fraiseql.field(name="…")')
def two_fields_with_one_name() -> None:
    @fraiseql.type
    class Thing:
        firstName: str  # noqa: N815 - the mistake
        first_name: str

    build_schema(types=[Thing], queries=[fraiseql.find("users", User)])


@mistake("Thing.wrong", "'__wrong'", "GraphQL's own", 'name="…"')
def reserved_field_name() -> None:
    with_field(str, fraiseql.field(name="__wrong"))


@mistake("Thing.wrong", "'né'", "letters, digits")
def field_name_that_graphql_cannot_write() -> None:
    with_field(str, fraiseql.field(name="né"))


@mistake("'Query'", "the root type", '@fraiseql.type(name="…")')
def type_named_as_the_root() -> None:
    @fraiseql.type
    class Query:
        id: int

    build_schema(types=[Query], queries=[fraiseql.find("users", User)])


@mistake("'String'", "a built-in scalar")
def type_named_as_a_scalar() -> None:
    named = fraiseql.type(name="String")(type("Thing", (), {"__annotations__": {"id": int}}))
    build_schema(types=[named], queries=[fraiseql.find("users", User)])


@mistake("tests.unit.schema.test_mistakes.", "both have the GraphQL name 'User'", "name=")
def two_types_with_one_name() -> None:
    @fraiseql.type(name="User")
    class Other:
        id: int

    build_schema(types=[Other], queries=[fraiseql.find("users", User)])


@mistake("the generated input of User", "'UserWhere'")
def type_named_as_a_generated_input() -> None:
    @fraiseql.input
    class UserWhere:
        id: int

    build_schema(types=[UserWhere], queries=[fraiseql.find("users", User)])


@mistake("a generated input", "'StringFilter'")
def type_named_as_a_generated_filter() -> None:
    @fraiseql.type
    class StringFilter:
        id: int

    build_schema(types=[StringFilter], queries=[fraiseql.find("users", User)])


@mistake("fraiseql.embed('posts')", "neither on nor via", "on=", "via=")
def embed_without_on_or_via() -> None:
    fraiseql.embed("posts")


@mistake("fraiseql.embed('posts')", "both on and via")
def embed_with_on_and_via() -> None:
    fraiseql.embed("posts", on="user_id", via="post_id")


@mistake("fraiseql.embed('posts')", "limit=0", "1 or more")
def embed_with_limit_zero() -> None:
    fraiseql.embed("posts", on="user_id", limit=0)


@mistake("fraiseql.embed('posts')", "via and order_by", "Leave out order_by")
def embed_of_one_with_an_order() -> None:
    fraiseql.embed("posts", via="post_id", order_by="id")


@mistake("Thing.wrong embeds a list (on=)", "User | None", "Write list[User]")
def embedded_list_with_the_hint_of_an_object() -> None:
    with_field(User | None, fraiseql.embed("users", on="thing_id"))


@mistake("Thing.wrong embeds one object or null (via=)", "hint is User.", "Write User | None")
def embedded_object_that_cannot_be_null() -> None:
    with_field(User, fraiseql.embed("users", via="user_id"))


@mistake("Thing.wrong embeds int, which is not an object type", "@fraiseql.type")
def embedded_scalars() -> None:
    with_field(list[int], fraiseql.embed("users", on="thing_id"))


@mistake("Period.users is an embed, but Period is an input")
def embed_in_an_input() -> None:
    @fraiseql.input
    class Period:
        users: list[int] = fraiseql.embed("users", on="id")


@mistake("Period.label is a computed field, but Period is an input")
def computed_field_in_an_input() -> None:
    @fraiseql.input
    class Period:
        year: int

        @fraiseql.field
        def label(self) -> str:
            return ""


@mistake("Thing.wrong has no return type hint", "-> int")
def computed_field_without_return_hint() -> None:
    @fraiseql.type
    class Thing:
        @fraiseql.field
        def wrong(self):
            return 1


@mistake("Thing.wrong has no parameter for the object", "def wrong(self, info, …)")
def computed_field_without_parent() -> None:
    @fraiseql.type
    class Thing:
        @fraiseql.field
        def wrong(info: fraiseql.Info) -> int:  # noqa: N805 - the mistake
            return 1


@mistake("Thing.wrong takes all parents at once (batch=True), but returns int", "-> list[int]")
def batch_without_a_list() -> None:
    @fraiseql.type
    class Thing:
        id: int

        @fraiseql.field(batch=True)
        def wrong(self) -> int:
            return 1

    build_schema(types=[Thing], queries=[fraiseql.find("users", User)])


@mistake("Thing.wrong needs 'nam'", "Did you mean 'name'?", "Stored fields: name")
def computed_field_that_needs_an_unknown_one() -> None:
    @fraiseql.type
    class Thing:
        name: str

        @fraiseql.field(needs=["nam"])
        def wrong(self) -> int:
            return 1

    build_schema(types=[Thing], queries=[fraiseql.find("users", User)])


@mistake("fraiseql.field has no such option", "nam", "Options: name")
def unknown_option_of_a_field() -> None:
    fraiseql.field(nam="x")  # type: ignore[call-overload]


@mistake("@fraiseql.type on Thing", "sql_sauce")
def unknown_option_of_a_type() -> None:
    fraiseql.type(sql_sauce="x")(type("Thing", (), {}))  # type: ignore[call-overload]


@mistake("@fraiseql.type stands on", "which is not a class")
def type_on_a_function() -> None:
    fraiseql.type(lambda: 1)  # type: ignore[call-overload]


@mistake("Undeclared is an enum", "@fraiseql.enum")
def type_on_an_enum() -> None:
    fraiseql.type(Undeclared)


@mistake("Plain, which is not an enum with members", "class Plain(enum.Enum)")
def enum_on_a_class() -> None:
    fraiseql.enum(Plain)  # type: ignore[type-var]


@mistake("Size.BIG has value (1, 2)", "string or number")
def enum_value_that_no_document_holds() -> None:
    @fraiseql.enum
    class Size(enum.Enum):
        BIG = (1, 2)

    build_schema(types=[Size], queries=[fraiseql.find("users", User)])


@mistake("Answer.true cannot be an enum member", "upper case")
def enum_member_with_a_reserved_name() -> None:
    @fraiseql.enum
    class Answer(enum.Enum):
        true = 1

    build_schema(types=[Answer], queries=[fraiseql.find("users", User)])


@mistake("@fraiseql.query stands on", "not a function")
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


@mistake("Thing.wrong is Period, which is an input")
def input_as_a_field() -> None:
    with_field(Period)


@mistake("Period.user is User, which is for output only")
def output_type_in_an_input() -> None:
    @fraiseql.input(name="Other")
    class Period:
        user: User

    build_schema(types=[Period], queries=[fraiseql.find("users", User)])


@mistake("Plain has no fields to filter", "fraiseql.Where[User]")
def filter_of_an_undeclared_class() -> None:
    def numbers(where: fraiseql.Where[Plain] | None = None) -> int:
        return 1

    with_query(numbers)


@mistake("Union Pet has member int, which is not an object type")
def union_member_that_is_no_object() -> None:
    def pet() -> Annotated[User | int, fraiseql.union("Pet")] | None:
        return None

    with_query(pet)


@mistake("Union Pet has member Node, which is not an object type")
def union_member_that_is_an_interface() -> None:
    pet = fraiseql.union("Pet", [User, Node])
    build_schema(types=[pet], queries=[fraiseql.find("users", User)])


@mistake("Union Pet has member 'User', which is not a class", 'fraiseql.union("Pet", [First')
def union_member_that_is_a_name() -> None:
    fraiseql.union("Pet", ["User"])  # type: ignore[list-item]


@mistake("Interface Node has no types", "give it in types=[…]")
def interface_without_types() -> None:
    def node() -> Node | None:
        return None

    with_query(node)


@mistake("Thing.id is str, but interface Node promises int", "Write id: int")
def interface_field_of_another_type() -> None:
    @fraiseql.type
    class Thing(Node):
        id: str  # type: ignore[assignment]

    build_schema(types=[Thing], queries=[fraiseql.find("users", User)])


@mistake("Thing.id is not called 'id', as interface Node promises")
def interface_field_that_is_missing() -> None:
    @fraiseql.type
    class Thing(Node):
        id: int = fraiseql.field(name="number")

    build_schema(types=[Thing], queries=[fraiseql.find("users", User)])


@mistake("both have the tag 'thing'", "interface Node", '@fraiseql.type(tag="…")')
def two_types_with_one_tag() -> None:
    @fraiseql.type(tag="thing")
    class Thing(Node):
        pass

    @fraiseql.type(tag="thing")
    class Other(Node):
        pass

    build_schema(types=[Thing, Other], queries=[fraiseql.find("users", User)])


@mistake("Scalar Email has form 'text'", "Write one of string")
def scalar_with_an_unknown_form() -> None:
    fraiseql.scalar("Email", str, form="text")


@mistake("There are no queries", "fraiseql.find(")
def no_queries() -> None:
    build_schema(types=[User])


@mistake("queries has with_query, which is not a query", "@fraiseql.query")
def query_that_is_not_decorated() -> None:
    build_schema(queries=[with_query])


@mistake("types has Plain, which is not declared", "@fraiseql.type")
def type_that_is_not_declared() -> None:
    build_schema(types=[Plain], queries=[fraiseql.find("users", User)])


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


@mistake("Thing.wrong: Row is not a type", "Decorate class Row with @fraiseql.type")
def plain_dataclass() -> None:
    @dataclass
    class Row:
        id: int

    with_field(Row)


@pytest.mark.parametrize(("case", "said"), CASES)
def test_a_mistake_says_what_to_write(case: Callable[[], Any], said: tuple[str, ...]) -> None:
    with pytest.raises(fraiseql.DeclarationError) as caught:
        case()
    text = str(caught.value)
    assert [part for part in said if part not in text] == [], text
    assert caught.value.code == "BAD_DECLARATION"
