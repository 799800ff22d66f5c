"""Built schemas: text, maps and independence of applications."""

import enum
from datetime import datetime
from typing import Annotated

import graphql

import fraiseql


@fraiseql.enum
class Status(enum.Enum):
    """How far a post is.

    Attributes:
        DRAFT: Not shown.
    """

    DRAFT = "draft"
    PUBLIC = 1


@fraiseql.interface(discriminator="kind", sql_source="nodes", jsonb_column="data")
class Node:
    """Has a key."""

    id: fraiseql.ID


@fraiseql.type(sql_source="users", tag="user")
class User(Node):
    """A person."""

    first_name: str
    post: "Post | None" = fraiseql.embed("posts", via="post_id")

    @fraiseql.field(needs=["first_name"])
    def greeting(self, info: fraiseql.Info, loud: bool = False) -> str:
        """Say hello."""
        return self.first_name


@fraiseql.type
class Post(Node):
    title: Annotated[str, "What it is called."]
    status: Status = fraiseql.field(default=Status.DRAFT, deprecation="Always public.")
    at: datetime | None = None


@fraiseql.type
class Video(Node):
    url: str


Media = fraiseql.union("Media", [Post, Video], discriminator="kind", description="To look at.")


@fraiseql.input
class Page:
    size: int = 10


@fraiseql.query(name="media")
def all_media(page: Page | None = None, status: Status = Status.PUBLIC) -> list[Media]:  # type: ignore[valid-type]
    """Everything to look at."""
    return []


QUERIES = (
    fraiseql.find_one("node", Node, by="id"),
    all_media,
    fraiseql.find_one("user", User, by="id"),
)
SDL = '''"""Has a key."""
interface Node {
  id: ID!
}

input Page {
  size: Int! = 10
}

"""How far a post is."""
enum Status {
  """Not shown."""
  DRAFT
  PUBLIC
}

"""To look at."""
union Media = Post | Video

type Post implements Node {
  id: ID!

  """What it is called."""
  title: String!
  status: Status! @deprecated(reason: "Always public.")
  at: DateTime
}

"""An instant in ISO 8601; UTC when it has no offset."""
scalar DateTime

type Video implements Node {
  id: ID!
  url: String!
}

"""A person."""
type User implements Node {
  id: ID!
  firstName: String!
  post: Post

  """Say hello."""
  greeting(loud: Boolean! = false): String!
}

type Query {
  node(id: ID!): Node

  """Everything to look at."""
  media(page: Page, status: Status! = PUBLIC): [Media!]!
  user(id: ID!): User
}'''


def test_the_printed_schema_is_stable_and_valid() -> None:
    first = fraiseql.build_schema(queries=QUERIES).graphql
    assert graphql.print_schema(first) == SDL
    assert graphql.print_schema(fraiseql.build_schema(queries=QUERIES).graphql) == SDL
    assert graphql.validate_schema(first) == []
    assert graphql.print_schema(graphql.build_schema(SDL)) == SDL


def test_the_maps_hold_every_declaration_by_its_graphql_name() -> None:
    schema = fraiseql.build_schema(queries=QUERIES)
    assert list(schema.objects) == ["Post", "Video", "User"]
    assert schema.interfaces["Node"].discriminator == "kind"
    assert schema.unions["Media"].members == (Post, Video)
    assert list(schema.enums) == ["Status"]
    assert list(schema.inputs) == ["Page"]
    assert list(schema.queries) == ["node", "media", "user"]
    assert list(schema.fields["User"]) == ["id", "firstName", "post", "greeting"]
    assert schema.fields["User"]["post"].annotation == Post | None, "evaluated"
    assert schema.fields["Node"]["id"].annotation is fraiseql.ID
    assert schema.classes == {
        Node: "Node",
        User: "User",
        Post: "Post",
        Video: "Video",
        Status: "Status",
        Page: "Page",
    }
    assert schema.queries["node"].annotation == Node | None


def test_introspection_answers() -> None:
    schema = fraiseql.build_schema(queries=QUERIES).graphql
    result = graphql.graphql_sync(schema, graphql.get_introspection_query())
    assert result.errors is None
    assert result.data is not None
    assert graphql.print_schema(graphql.build_client_schema(result.data)) == SDL  # type: ignore[arg-type]


def test_abstract_types_are_resolved_by_tag_or_class() -> None:
    schema = fraiseql.build_schema(queries=QUERIES).graphql
    root = {
        "media": [
            {"kind": "Post", "title": "a", "status": "draft"},
            Video(id=fraiseql.ID("1"), url="b"),
        ],
        "node": {"kind": "user", "id": "7"},
    }
    text = """{
      node(id: 7) { __typename id }
      media { ...on Post { title status } ...on Video { url } }
    }"""
    result = graphql.graphql_sync(schema, text, root)
    assert result.errors is None
    assert result.data == {
        "node": {"__typename": "User", "id": "7"},
        "media": [{"title": "a", "status": "DRAFT"}, {"url": "b"}],
    }


def test_two_applications_do_not_disturb_each_other() -> None:
    def application(field: str) -> fraiseql.schema.Schema:
        declared = type("Thing", (), {"__annotations__": {field: int}, "__module__": __name__})
        return fraiseql.build_schema(
            queries=[fraiseql.find("things", fraiseql.type(sql_source="things")(declared))]
        )

    first, second = application("first"), application("second")
    assert list(first.fields["Thing"]) == ["first"]
    assert list(second.fields["Thing"]) == ["second"]
    assert first.graphql.type_map["Thing"] is not second.graphql.type_map["Thing"]
    assert first.graphql.type_map["IntFilter"] is not second.graphql.type_map["IntFilter"]


def test_one_class_serves_in_two_applications() -> None:
    first = fraiseql.build_schema(queries=QUERIES[:1], types=[User])
    two = fraiseql.build_schema(queries=QUERIES)
    assert first.objects["User"].python_class is two.objects["User"].python_class
    assert "Media" not in first.graphql.type_map


def test_listed_types_are_served_without_a_query() -> None:
    schema = fraiseql.build_schema(types=[Video, Media, Page, Status], queries=QUERIES[2:])
    assert list(schema.objects) == ["Video", "Post", "User"]
    assert {"Page", "Status", "Media"} <= set(schema.graphql.type_map)
