"""Mistakes in options: values of the wrong type."""

from typing import Any

import pytest

import fraiseql
from fraiseql import Cache, GeneratedColumn, Gin, Index, MaterializedView, Projection, RollingIndex
from fraiseql.errors import ConfigurationError, DeclarationError
from fraiseql.settings import Settings


class Own(Projection):
    """A strategy of an application's own."""


def declared(**options: Any) -> Any:
    return fraiseql.type(**options)(type("Thing", (), {"__annotations__": {"id": int}}))


MISTAKES = {
    "stored=Projection, which is a class": lambda: declared(stored=Projection),
    "fraiseql.Projection(), with its options": lambda: declared(stored=Projection),
    "stored=GeneratedColumn, which": lambda: declared(stored=GeneratedColumn),
    "sql_source=5": lambda: declared(sql_source=5),
    "sql_source=''": lambda: declared(sql_source=""),
    "jsonb_column=True": lambda: declared(sql_source="t", jsonb_column=True),
    "name=3": lambda: declared(name=3),
    "tag=7": lambda: declared(tag=7),
    "description=['a']": lambda: declared(description=["a"]),
    "key holds 1": lambda: declared(key=1),
    "indexes=": lambda: declared(indexes=Index("id")),
    "fraiseql.field has requires='admin'": lambda: fraiseql.field(requires="admin"),
    "embed('t') has requires=": lambda: fraiseql.embed("t", on="a", requires=True),
    "find('x') has requires=": lambda: fraiseql.find("x", int, requires=True),
    "Thing has requires=1": lambda: declared(requires=1),
    "hide=True and requires=None": lambda: fraiseql.field(hide=True),
    "hide=1": lambda: fraiseql.Requires(bool, hide=1),
    "requires=None is not a function": lambda: fraiseql.Requires(None),
    "fraiseql.field has name=1": lambda: fraiseql.field(name=1),
    "deprecation=True": lambda: fraiseql.field(deprecation=True),
    "batch='yes'": lambda: fraiseql.field(batch="yes"),  # type: ignore[call-overload]
    "default_factory=[]": lambda: fraiseql.field(default_factory=[]),  # type: ignore[call-overload]
    "where=True": lambda: fraiseql.embed("t", on="a", where=True),  # type: ignore[arg-type]
    "find('x') has description=1": lambda: fraiseql.find("x", int, description=1),  # type: ignore[arg-type]
    "discriminator=1": lambda: fraiseql.union("Pet", (int,), discriminator=1),  # type: ignore[arg-type]
    "members=": lambda: fraiseql.union("Pet", int),  # type: ignore[arg-type]
    "parse='int'": lambda: fraiseql.scalar("Word", str, parse="int"),  # type: ignore[call-overload]
    "GeneratedColumn has column=1": lambda: GeneratedColumn(1),  # type: ignore[arg-type]
    "column=None": lambda: GeneratedColumn(None),  # type: ignore[arg-type]
    "embeds=5": lambda: Projection(embeds=5),  # type: ignore[arg-type]
    "embeds=(1,)": lambda: Projection(embeds=(1,)),  # type: ignore[arg-type]
    "budget='many'": lambda: Projection(budget="many"),  # type: ignore[arg-type]
    "budget=True": lambda: Projection(budget=True),
    "max_bytes='1 MB'": lambda: Projection(max_bytes="1 MB"),  # type: ignore[arg-type]
    "text='no'": lambda: Projection(text="no"),  # type: ignore[arg-type]
    "refresh=5": lambda: MaterializedView(refresh=5),  # type: ignore[arg-type]
    "on_write='5m'": lambda: MaterializedView(on_write="5m"),  # type: ignore[arg-type]
    "key=(1,)": lambda: MaterializedView(on_write=True, key=(1,)),  # type: ignore[arg-type]
    "columns=(1,)": lambda: Index((1,)),  # type: ignore[arg-type]
    "where=['a']": lambda: Index("a", where=["a"]),  # type: ignore[arg-type]
    "window=30": lambda: RollingIndex("a", window=30),  # type: ignore[arg-type]
    "column=('doc',)": lambda: Gin(("doc",)),  # type: ignore[arg-type]
    "ttl=True": lambda: Cache(ttl=True),
    "ttl=['5m']": lambda: Cache(ttl=["5m"]),  # type: ignore[arg-type]
    "vary=(1,)": lambda: Cache(vary=(1,)),  # type: ignore[arg-type]
    "tags={'a'": lambda: Cache(tags={"a": 1}),  # type: ignore[arg-type]
    "has stored=Own(": lambda: declared(sql_source="t", stored=Own()),
    "stored='projection'": lambda: served(declared(sql_source="t", stored="projection")),
    "'nothing' in indexes=": lambda: served(declared(sql_source="t", indexes=["nothing"])),
    "types='Thing' is no list": lambda: fraiseql.create_app(types="Thing"),
    "queries=": lambda: fraiseql.create_app(queries=fraiseql.find("x", int)),  # type: ignore[arg-type]
}


def served(type_: Any) -> Any:
    return fraiseql.create_app(queries=[fraiseql.find("things", type_)])


@pytest.mark.parametrize("said", MISTAKES)
def test_an_option_of_another_type_is_refused_with_its_name(said: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        MISTAKES[said]()
    assert said in str(caught.value)


def test_names_in_a_list_are_those_in_parentheses() -> None:
    pairs: list[tuple[Any, Any]] = [
        (
            Cache(tags=["a"], vary=["b"], shared=["c"]),
            Cache(tags=("a",), vary=("b",), shared=("c",)),
        ),
        (Projection(embeds=["posts"]), Projection(embeds=("posts",))),
        (MaterializedView(key=["a"], on_write=True), MaterializedView(key=("a",), on_write=True)),
        (Index(["a", "-b"]), Index(("a", "-b"))),
    ]
    for listed, usual in pairs:
        assert listed == usual
        assert hash(listed) == hash(usual)
    with pytest.raises(DeclarationError, match="Cache has shared="):
        Cache(shared=(1,))  # type: ignore[arg-type]


@fraiseql.type
class Comment:
    id: int


@fraiseql.type
class Post:
    id: int
    comments: list[Comment] = fraiseql.embed("comment", on="post_id")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("typo", "User has no embedded field 'typo'"),
        ("post", "Did you mean 'posts'?"),
        ("posts.comment", "Post has no embedded field 'comment'. Did you mean 'comments'?"),
        ("posts.id", "Post has no embedded field 'id'"),
        ("id", "User has no embedded field 'id'"),
    ],
)
def test_a_missing_embed_is_refused_when_the_application_is_created(path: str, said: str) -> None:
    @fraiseql.type(sql_source="users", stored=Projection(embeds=("posts", path)))
    class User:
        id: int
        posts: list[Post] = fraiseql.embed("post", on="user_id")

    with pytest.raises(DeclarationError) as caught:
        served(User)
    assert said in str(caught.value)
    assert caught.value.code == "UNKNOWN_EMBED"


def test_existing_embeds_are_accepted() -> None:
    @fraiseql.type(sql_source="users", stored=Projection(embeds=("posts", "posts.comments")))
    class User:
        id: int
        posts: list[Post] = fraiseql.embed("post", on="user_id")

    served(User)


@pytest.mark.parametrize(
    ("name", "near"),
    [("FRAISEQL_POOLSIZE", "FRAISEQL_POOL_SIZE"), ("FRAISEQL_DATABASE", "FRAISEQL_DATABASE_URL")],
)
def test_a_variable_that_is_no_setting_is_refused(name: str, near: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({name: "5", "PATH": "/bin"})
    assert f"The environment has {name}" in str(caught.value)
    assert f"Did you mean {near!r}?" in str(caught.value)


def test_variables_that_are_read_elsewhere_are_taken() -> None:
    Settings.from_environment({"FRAISEQL_EMBEDDED_ISOLATION": "setuid", "FRAISEQL_POOL_SIZE": "3"})


def test_variables_of_a_kubernetes_service_are_no_settings() -> None:
    address = "tcp://10.0.0.7:8000"
    service = {
        "FRAISEQL_SERVICE_HOST": "10.0.0.7",
        "FRAISEQL_SERVICE_PORT": "8000",
        "FRAISEQL_SERVICE_PORT_HTTP": "8000",
        "FRAISEQL_PORT": address,
        "FRAISEQL_PORT_8000_TCP": address,
        "FRAISEQL_PORT_8000_TCP_ADDR": "10.0.0.7",
    }
    assert Settings.from_environment(service) == Settings.from_environment({})
    with pytest.raises(ConfigurationError, match="FRAISEQL_PORT_SIZE"):
        Settings.from_environment({"FRAISEQL_PORT_SIZE": "3"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pool_size", "10"),
        ("pool_size", 1.5),
        ("pool_size", True),
        ("debug", "on"),
        ("debug", 1),
        ("database_url", 5),
        ("numbers_as", "texts"),
        ("numbers_as", True),
        ("request_timeout", "3s"),
        ("request_timeout", False),
    ],
)
def test_a_setting_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"The setting {name} is"):
        fraiseql.create_app(**{name: value})


def test_a_choice_is_one_of_its_words() -> None:
    now = fraiseql.find("now", declared(sql_source="t"))
    variable = "FRAISEQL_NUMBERS_AS"
    assert Settings.from_environment({variable: "text"}).numbers_as == "text"
    with pytest.raises(ConfigurationError, match=f"{variable} is 'string'") as caught:
        Settings.from_environment({variable: "string"})
    assert "Write 'number' or 'text'." in str(caught.value)
    with pytest.raises(DeclarationError, match="numbers_as='string'"):
        fraiseql.build_schema([], [now], numbers_as="string")  # type: ignore[arg-type]


def test_whole_seconds_are_seconds() -> None:
    assert Settings().with_values(request_timeout=3).request_timeout == 3


@pytest.mark.parametrize("options", [{"path": "graphql"}, {"path": 5}, {"context": {"role": "a"}}])
def test_a_path_or_hook_of_another_form_is_refused(options: Any) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        fraiseql.create_app(**options)


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "embedded:"),
        ({"DATABASE_URL": "postgres://h/d"}, "postgres://h/d"),
        ({"DATABASE_URL": "postgresql+asyncpg://h/d"}, "postgresql://h/d"),
        ({"DATABASE_URL": "mysql://h/d"}, "embedded:"),
        ({"DATABASE_URL": ""}, "embedded:"),
        ({"DATABASE_URL": "postgresql://h/d", "FRAISEQL_DATABASE_URL": "embedded:"}, "embedded:"),
        ({"FRAISEQL_DATABASE_URL": "postgresql://h/e"}, "postgresql://h/e"),
    ],
)
def test_the_usual_variable_of_an_address_counts(environment: dict[str, str], address: str) -> None:
    assert Settings.from_environment(environment).database_url == address
