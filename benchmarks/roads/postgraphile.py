"""The reads of the native server's benchmark, in PostGraphile's words."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from benchmarks.features.postgraphile import unwrapped
from benchmarks.roads import names

TEXTS: Final[Mapping[str, str]] = {
    names.KEY: """query Q1($id: Int!) {
  user: tbUserByRowId(rowId: $id) { id: rowId firstName lastName email country }
}""",
    names.LIST: """query Q3($after: Int!) {
  users: allTbUsers(
    filter: {active: {equalTo: true}, rowId: {greaterThan: $after}},
    first: 20, orderBy: [PRIMARY_KEY_ASC]
  ) {
    nodes {
      id: rowId firstName lastName
      posts: tbPostsByUserId(first: 10, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) {
        nodes { id: rowId title createdAt }
      }
    }
  }
}""",
    names.NESTED: """query Q4($after: Int!) {
  posts: allTbPosts(
    filter: {rowId: {greaterThan: $after}}, first: 100, orderBy: [PRIMARY_KEY_ASC]
  ) {
    nodes {
      id: rowId title views createdAt
      author: tbUserByUserId { id: rowId firstName lastName }
      comments: tbCommentsByPostId(first: 5, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) {
        nodes { id: rowId body createdAt }
      }
    }
  }
}""",
}
"""Documents by operation."""

KEYS: Final = """
ALTER TABLE tb_post ADD FOREIGN KEY (user_id) REFERENCES tb_user NOT VALID;
ALTER TABLE tb_comment ADD FOREIGN KEY (post_id) REFERENCES tb_post NOT VALID
"""
"""Foreign keys, by which it finds lists and authors; they cost readers nothing."""


def comparable(data: str) -> str:
    """Return the data of an answer, with lists themselves and instants in one form."""
    return json.dumps(_plain(unwrapped(json.loads(data))), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {
            name: datetime.fromisoformat(part).isoformat() if name == "createdAt" else _plain(part)
            for name, part in value.items()
        }
    return value
