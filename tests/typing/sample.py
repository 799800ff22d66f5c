"""Code for type checkers, which must flag the lines with ``expect``."""

# ruff: noqa: A002, B018 - what users write, mistakes included

import enum
from datetime import datetime
from typing import Annotated, Any, assert_type

import fraiseql
from fraiseql import Info


@fraiseql.enum
class Colour(enum.Enum):
    RED = "red"


@fraiseql.interface
class Node:
    id: fraiseql.ID


@fraiseql.type
class Post(Node):
    title: str
    at: datetime | None = None


@fraiseql.type(sql_source="users", jsonb_column="data", key="id")
class User:
    id: int
    first_name: str = fraiseql.field(description="Given name.")
    colour: Colour = fraiseql.field(default=Colour.RED, deprecation="Not asked any more.")
    posts: list[Post] = fraiseql.embed("posts", on="user_id", order_by="-at", limit=10)
    manager: "User | None" = fraiseql.embed("users", via="manager_id")

    @fraiseql.field
    def greeting(self, info: Info, loud: bool = False) -> str:
        return self.first_name.upper() if loud else self.first_name

    @fraiseql.field(needs=["id"], batch=True)
    @staticmethod
    async def scores(parents: "list[User]", info: Info) -> list[int]:
        return [parent.id for parent in parents]


@fraiseql.type
class Bot:
    serial: int


@fraiseql.input
class Period:
    year: int
    month: int | None = None
    tags: list[str] = fraiseql.field(default_factory=list)


Actor = Annotated[User | Bot, fraiseql.union("Actor")]
Email = Annotated[str, fraiseql.scalar("Email", form="string")]


@fraiseql.scalar(form="string")
class Version(str):
    __slots__ = ()


@fraiseql.query
async def user(info: Info, id: int) -> User:
    assert_type(info.context, dict[str, Any])
    assert_type(info.path, tuple[str | int, ...])
    assert_type(info.operation_name, str | None)
    assert_type(info.selection, tuple[str, ...])
    return User(id=id, first_name="Ada")


@fraiseql.query(name="everybody", deprecation="Use users.")
def users(
    info: Info,
    period: Period,
    email: Email | None = None,
    where: fraiseql.Where[User] | None = None,
    order_by: fraiseql.OrderBy[User] | None = None,
) -> list[User]:
    assert_type(period.tags, list[str])
    assert_type(where, fraiseql.Where[User] | None)
    return []


@fraiseql.query
def actors() -> list[Actor]:
    return [Bot(serial=1), User(id=1, first_name="Ada")]


@fraiseql.input
class Changes:
    first_name: str | None = fraiseql.UNSET


@fraiseql.mutation(retry=True, isolation="serializable", errors="union")
async def rename(info: Info, id: int, changes: Changes) -> User | None:
    if changes.first_name is not fraiseql.UNSET:
        assert_type(changes.first_name, str | None)
    return None


PAY = fraiseql.function("pay", {"id": int}, returns=User, sql="billing.pay")


async def seen(info: Info) -> None:
    someone = User(id=1, first_name="Ada", posts=[Post(id=fraiseql.ID("1"), title="Hello")])
    assert_type(someone, User)
    assert_type(someone.first_name, str)
    assert_type(someone.colour, Colour)
    assert_type(someone.posts, list[Post])
    assert_type(someone.manager, User | None)
    assert_type(someone.greeting(info, loud=True), str)
    assert_type(await User.scores([someone], info), list[int])
    assert_type(await user(info, 1), User)
    assert_type(await rename(info, 1, Changes()), User | None)
    assert_type(users(info, Period(year=2013)), list[User])
    assert_type(Version("1"), Version)
    assert_type(fraiseql.ID("1"), fraiseql.ID)


def someone_else() -> User:
    return User(id=2, first_name="Alan")


async def mistakes(info: Info) -> None:
    User(id="1", first_name="Ada")  # expect: wrong argument type
    User(id=1)  # expect: missing argument
    User(1, "Ada")  # expect: keyword only
    User(id=1, first_name="Ada", nick="x")  # expect: unknown argument
    Post(title="Hello")  # expect: inherited argument missing
    Period(month=1)  # expect: missing argument
    await user(info, "1")  # expect: wrong argument type
    await user(info, 1, 2)  # expect: too many arguments
    info.contxt  # expect: unknown attribute
    Colour.GREEN  # expect: unknown member
    fraiseql.find("users", User, limit=1)  # expect: unknown option
    fraiseql.type(sql_sauce="users")  # expect: unknown option
    await User.scores(someone_else(), info)  # expect: one parent for a batch
    await rename(info, 1, Changes(first_name=1))  # expect: wrong argument type
    fraiseql.mutation(isolation="dirty")  # expect: isolation
    fraiseql.Writes(create=1)  # expect: fields


@fraiseql.type(sql_source="notes", stored="projection")  # expect: stored
class Note:
    id: int


@fraiseql.query(cache="5m")  # expect: cache
async def newest_note(info: Info) -> Note | None:
    return None
