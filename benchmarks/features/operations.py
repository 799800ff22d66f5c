"""The measured operation of each feature."""

from collections.abc import Iterator

from benchmarks.data import Size
from benchmarks.operations import Operation

PAGE = 20
BATCH = 1000
CURSOR = "CURSOR"
"""Place of the cursor before page 1,000, which each server writes in its own form."""

FILTER = """query Filter($after: Int!) {
  users(where: {country: {eq: "FR"}, active: {eq: true}, id: {gt: $after}}, limit: 20) {
    id firstName lastName country
  }
}"""

NESTED = """query Nested($after: Int!) {
  users(where: {active: {eq: true}, id: {gt: $after}}, limit: 20) {
    id popular: posts(where: {views: {gt: 50000}}, limit: 3) { id title views }
    others: posts(where: {views: {lte: 50000}}, limit: 2) { id title views }
  }
}"""

FIRST = """query First($first: Int!) {
  postPages(first: $first) {
    edges { cursor node { id title views } } pageInfo { hasNextPage endCursor }
  }
}"""

THOUSANDTH = """query Thousandth($first: Int!) {
  postPages(first: $first, after: "CURSOR") {
    edges { cursor node { id title views } } pageInfo { hasNextPage endCursor }
  }
}"""

TOTAL = """query Total($views: Int!) {
  postPages(where: {views: {gt: $views}}, first: 1) { nodes { id } totalCount }
}"""

AGGREGATES = """query Aggregates($views: Int!) {
  postTotals(where: {views: {gt: $views}}) { count sum { views } min { views } max { views } }
}"""

INSERT = """mutation Insert($post: Int!) {
  createNote(input: {postId: $post, body: "A note of some words.", likes: 3}) { postId body likes }
}"""

UPDATE = """mutation Update($id: Int!) {
  updatePost(id: $id, set: {title: "Another title"}) { id title views }
}"""

UPDATE_MANY = """mutation UpdateMany($batch: Int!) {
  updateManyPost(where: {batch: {eq: $batch}}, set: {title: "Another title"}) { id title }
}"""


def operations(size: Size) -> Iterator[Operation]:
    """Yield the operations, with variables that fit the data."""
    users = size.users * 4 // 5
    # A value that ends in 0 becomes the next one. At most 1 % of the posts are counted: more, and
    # PostgreSQL is all that is measured.
    least, most = 99_001, 99_989
    yield Operation("Filter", "20 users by three conditions", FILTER, "after", 1, users)
    yield Operation("Nested", "20 users, two lists with arguments", NESTED, "after", 1, users)
    yield Operation("First", "page 1 of posts, 20 rows", FIRST, "first", PAGE - 1, PAGE - 1)
    yield Operation("Thousandth", "page 1,000 of posts", THOUSANDTH, "first", PAGE - 1, PAGE - 1)
    yield Operation("Total", "total of up to 1 % of the posts", TOTAL, "views", least, most)
    yield Operation(
        "Aggregates", "count, sum, min, max of up to 1 %", AGGREGATES, "views", least, most
    )
    yield Operation("Insert", "insert of one row", INSERT, "post", 1, size.posts - 1)
    yield Operation("Update", "update of one row", UPDATE, "id", 1, size.posts - 1)
    last = size.posts // BATCH - 2
    yield Operation("UpdateMany", "update of 1,000 rows", UPDATE_MANY, "batch", 1, max(1, last))
