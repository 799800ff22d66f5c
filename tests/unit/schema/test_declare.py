"""Class decorators and their definitions."""

import dataclasses
import enum
from typing import Any

import pytest

import fraiseql
from fraiseql.schema import ATTRIBUTE, MISSING
from fraiseql.schema.definitions import EnumDefinition, InputDefinition, ObjectDefinition


@fraiseql.type
class Post:
    """A post.

    Long text.

    Attributes:
        title: What it is called.
    """

    id: int
    title: str
    line_2: str | None = None


@fraiseql.type(
    sql_source="tb_user",
    jsonb_column="data",
    key=("tenant", "id"),
    name="Person",
    tag="person",
    stored=fraiseql.GeneratedColumn(),
    indexes=[fraiseql.Index("age")],
    description="Given.",
)
class User:
    """Not this."""

    first_name: str = fraiseql.field(description="Given name.", deprecation="old", name="given")
    age: int = fraiseql.field(default=3)
    tags: list[str] = fraiseql.field(default_factory=list)
    posts: list[Post] = fraiseql.embed(
        "tb_post", on="user_id", where="NOT hidden", order_by="-id", limit=5, parent_key="uid"
    )
    boss: Post | None = fraiseql.embed("tb_user", via="boss_id", target_key="uid")

    @fraiseql.field
    def greeting(self, info: fraiseql.Info, loud: bool = False) -> str:
        """Say hello.

        Args:
            loud: In upper case.
        """
        return self.first_name.upper() if loud else self.first_name

    @fraiseql.field(needs="first_name", batch=True, name="len")
    @staticmethod
    async def lengths(parents: list[Any]) -> list[int]:
        return [len(parent.first_name) for parent in parents]

    def plain(self) -> str:
        return "no field"


def definition_of(cls: type) -> ObjectDefinition:
    definition = vars(cls)[ATTRIBUTE]
    assert isinstance(definition, ObjectDefinition)
    return definition


def test_a_class_becomes_a_keyword_only_dataclass() -> None:
    user = User(first_name="Ada")
    assert (user.age, user.tags, user.posts, user.boss) == (3, [], [], None)
    assert User(first_name="Ada").tags is not user.tags
    assert dataclasses.asdict(Post(id=1, title="x")) == {"id": 1, "title": "x", "line_2": None}
    with pytest.raises(TypeError):
        Post(1, "x")  # type: ignore[call-arg,misc]


def test_options_and_names_are_as_declared() -> None:
    definition = definition_of(User)
    assert (definition.name, definition.tag, definition.sql_source) == (
        "Person",
        "person",
        "tb_user",
    )
    assert (definition.jsonb_column, definition.key) == ("data", ("tenant", "id"))
    assert (definition.stored, definition.description) == (fraiseql.GeneratedColumn(), "Given.")
    assert definition.indexes == (fraiseql.Index("age"),)
    names = {name: field.graphql_name for name, field in definition_of(Post).fields.items()}
    assert names == {"id": "id", "title": "title", "line_2": "line_2"}


def test_docstrings_become_descriptions_and_generated_ones_do_not() -> None:
    definition = definition_of(Post)
    assert definition.description == "A post.\n\nLong text."
    assert definition.fields["title"].description == "What it is called."
    assert definition.fields["id"].description is None

    @fraiseql.type
    class Silent:
        id: int

    assert Silent.__doc__ is not None, "dataclass writes one"
    assert definition_of(Silent).description is None


def test_stored_fields_have_their_declared_attributes() -> None:
    fields = definition_of(User).fields
    first = fields["first_name"]
    assert (first.graphql_name, first.description, first.deprecation) == (
        "given",
        "Given name.",
        "old",
    )
    assert first.default is MISSING
    assert fields["age"].default == 3
    assert fields["tags"].default == []


def test_embeds_have_their_declared_attributes() -> None:
    fields = definition_of(User).fields
    posts, boss = fields["posts"].embed, fields["boss"].embed
    assert posts is not None
    assert boss is not None
    assert (posts.relation, posts.on, posts.order_by, posts.limit) == (
        "tb_post",
        ("user_id",),
        ("-id",),
        5,
    )
    assert (posts.where, posts.parent_key) == ("NOT hidden", ("uid",))
    assert (boss.via, boss.target_key, boss.on) == (("boss_id",), ("uid",), ())


def test_computed_fields_stay_callable_and_are_described() -> None:
    user = User(first_name="Ada")
    info = fraiseql.Info(context={})
    assert user.greeting(info, loud=True) == "ADA"
    field = definition_of(User).fields["greeting"]
    assert field.description == "Say hello."
    computed = field.computed
    assert computed is not None
    assert (computed.takes_info, computed.batch, computed.needs) == (True, False, None)
    (argument,) = computed.arguments
    assert (argument.name, argument.default, argument.description) == (
        "loud",
        False,
        "In upper case.",
    )
    assert "plain" not in definition_of(User).fields


async def test_a_batch_field_may_be_static_and_async() -> None:
    computed = definition_of(User).fields["lengths"].computed
    assert computed is not None
    assert (computed.takes_info, computed.batch, computed.needs) == (False, True, ("first_name",))
    assert definition_of(User).fields["lengths"].graphql_name == "len"
    assert await computed.function([User(first_name="Ada")]) == [3]


def test_interfaces_give_fields_and_computed_fields_to_their_types() -> None:
    @fraiseql.interface(discriminator="kind", sql_source="things")
    class Node:
        """Anything.

        Attributes:
            id: Its key.
        """

        id: fraiseql.ID

        @fraiseql.field
        def label(self) -> str:
            return f"{type(self).__name__} {self.id}"

    @fraiseql.interface
    class Named(Node):
        name: str

    @fraiseql.type
    class Thing(Named):
        size: int

        @fraiseql.field
        def label(self) -> str:
            return "thing"

    definition = definition_of(Thing)
    assert list(definition.fields) == ["id", "name", "size", "label"]
    assert definition.interfaces == (Named, Node)
    assert definition.fields["id"].description == "Its key."
    assert definition.description is None
    assert definition.sql_source is None, "a relation is not inherited"
    label = definition.fields["label"].computed
    assert label is not None
    assert label.function(Thing(id=fraiseql.ID("1"), name="x", size=1)) == "thing"


def test_a_plain_subclass_is_not_declared() -> None:
    class Special(Post):
        pass

    with pytest.raises(fraiseql.DeclarationError, match="Special"):
        fraiseql.build_schema(types=[Special], queries=[fraiseql.find("users", User)])


def test_inputs_and_enums() -> None:
    @fraiseql.input(name="Range")
    class Period:
        """A period.

        Attributes:
            year: Which.
        """

        year: int
        month: int | None = fraiseql.field(default=None, description="From 1 to 12.")

    @fraiseql.enum
    class Colour(enum.Enum):
        """Paint.

        Attributes:
            RED: Like roses.
        """

        RED = "red"

    period = vars(Period)[ATTRIBUTE]
    assert isinstance(period, InputDefinition)
    assert (period.name, period.description) == ("Range", "A period.")
    assert {name: entry.description for name, entry in period.fields.items()} == {
        "year": "Which.",
        "month": "From 1 to 12.",
    }
    assert period.fields["year"].default is MISSING
    assert period.fields["month"].default is None
    colour = vars(Colour)[ATTRIBUTE]
    assert isinstance(colour, EnumDefinition)
    assert (colour.description, colour.descriptions) == ("Paint.", {"RED": "Like roses."})
    assert list(Colour) == [Colour.RED], "the mark is no member"
