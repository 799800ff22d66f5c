"""The features in PostGraphile's words: those that it has without further plugins."""

from typing import Any, Final

NAME: Final = "PostGraphile"

_PAGE: Final = """(first: $first%s, orderBy: [PRIMARY_KEY_ASC]) {
    edges { cursor node { id: rowId title views } } pageInfo { hasNextPage endCursor }
  }
}"""
_LIST: Final = (
    "tbPostsByUserId(filter: {views: {%s: 50000}}, first: %d,"
    " orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) { nodes { id: rowId title views } }"
)

TEXTS: Final = {
    "Filter": """query Filter($after: Int!) {
  users: allTbUsers(
    filter: {country: {equalTo: "FR"}, active: {equalTo: true}, rowId: {greaterThan: $after}},
    first: 20, orderBy: [PRIMARY_KEY_ASC]
  ) { nodes { id: rowId firstName lastName country } }
}""",
    "Nested": f"""query Nested($after: Int!) {{
  users: allTbUsers(
    filter: {{active: {{equalTo: true}}, rowId: {{greaterThan: $after}}}},
    first: 20, orderBy: [PRIMARY_KEY_ASC]
  ) {{
    nodes {{
      id: rowId popular: {_LIST % ("greaterThan", 3)} others: {_LIST % ("lessThanOrEqualTo", 2)}
    }}
  }}
}}""",
    "First": "query First($first: Int!) {\n  postPages: allTbPosts" + _PAGE % "",
    "Thousandth": (
        "query Thousandth($first: Int!) {\n  postPages: allTbPosts" + _PAGE % ', after: "CURSOR"'
    ),
    "Total": """query Total($views: Int!) {
  postPages: allTbPosts(
    filter: {views: {greaterThan: $views}}, first: 1, orderBy: [PRIMARY_KEY_ASC]
  ) { nodes { id: rowId } totalCount }
}""",
    "Insert": """mutation Insert($post: Int!) {
  createNote(input: {note: {postId: $post, body: "A note of some words.", likes: 3}}) {
    note { postId body likes }
  }
}""",
    "Update": """mutation Update($id: Int!) {
  updatePost: updateTbPostByRowId(input: {rowId: $id, tbPostPatch: {title: "Another title"}}) {
    tbPost { id: rowId title views }
  }
}""",
}
"""Documents by operation. Aggregates need a plugin, and no mutation writes several rows."""

_WRAPPERS: Final = ("nodes", "note", "tbPost")


def cursor_query(before: int) -> str:
    """Return the query of the cursor of a post."""
    return (
        f"{{ postPages: allTbPosts(filter: {{rowId: {{lessThanOrEqualTo: {before}}}}}, last: 1,"
        " orderBy: [PRIMARY_KEY_ASC]) { edges { cursor } } }"
    )


def unwrapped(value: Any) -> Any:
    """Return an answer with lists and rows themselves, not the objects that have only them."""
    if isinstance(value, list):
        return [unwrapped(part) for part in value]
    if not isinstance(value, dict):
        return value
    names = [*value]
    if len(names) == 1 and names[0] in _WRAPPERS:
        return unwrapped(value[names[0]])
    return {name: unwrapped(part) for name, part in value.items()}
