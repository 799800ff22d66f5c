"""Users by key and in lists, cached in several ways."""

from dataclasses import dataclass
from typing import Any

import fraiseql
from benchmarks.fields import CommentFields, ProfileFields
from benchmarks.operations import Operation
from fraiseql import Cache
from fraiseql.schema import Schema, build_schema
from fraiseql.schema.cache import StoreName

FIELDS = "id firstName lastName email country"
ROWS = ("tb_user.id={id}",)
"""Row tags: a write to one user leaves the answers about others valid."""


@fraiseql.type(name="User", sql_source="tb_user")
class User(ProfileFields):
    pass


@fraiseql.type(name="Comment", sql_source="tb_comment")
class Comment(CommentFields):
    pass


@dataclass(frozen=True, slots=True)
class Stored:
    """Caching of the queries: in ``store``, or nowhere where it is None."""

    store: StoreName | None

    def cache(self, *tags: str) -> Cache | None:
        """Return the declaration for a query with row tags."""
        return None if self.store is None else Cache(store=self.store, tags=tags)


def queries(stored: Stored, suffix: str = "") -> list[Any]:
    """Return a user by key, with tags of rows and of tables, users in lists, and comments.

    Comments are for the change log: writers of them are the writers of another table.
    """
    return [
        fraiseql.find_one(f"user{suffix}", User, by="id", cache=stored.cache(*ROWS)),
        fraiseql.find_one(f"user_by_table{suffix}", User, by="id", cache=stored.cache()),
        fraiseql.find(f"users{suffix}", User, order_by="id", cache=stored.cache()),
        fraiseql.find(f"comments{suffix}", Comment, order_by="id", cache=stored.cache()),
    ]


def schema() -> Schema:
    """Return the schema of all stores, whose objects are created once."""
    unlogged, redis = queries(Stored("unlogged")), queries(Stored("redis"), "_redis")
    return build_schema(queries=[*unlogged, *redis])


def logged() -> Schema:
    """Return a schema that has writes of users logged by table alone."""
    return build_schema(queries=[fraiseql.find("users", User, order_by="id", cache=Cache())])


def by_key(keys: int, field: str = "user") -> Operation:
    """Return a user by a key from 1 to ``keys``."""
    text = f"query ByKey($x: Int!) {{ {field}(id: $x) {{ {FIELDS} }} }}"
    return Operation("ByKey", "user by id, 5 columns", text, "x", 1, keys)


def listed(keys: int) -> Operation:
    """Return 20 users after one of ``keys``."""
    arguments = "where: {id: {gt: $x}}, limit: 20"
    text = f"query List($x: Int!) {{ users({arguments}) {{ {FIELDS} }} }}"
    return Operation("List", "20 users, 5 columns each", text, "x", 1, keys)


def constant() -> Operation:
    """Return an operation that reads nothing."""
    text = "query Constant($x: Int!) { __typename user(id: $x) @skip(if: true) { id } }"
    return Operation("Constant", "no read", text, "x", 1, 1)
