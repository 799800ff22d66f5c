"""The four measured operations."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from benchmarks.data import Size

Q1 = """query Q1($id: Int!) {
  user(id: $id) { id firstName lastName email country }
}"""

Q2 = """query Q2($id: Int!) {
  user(id: $id) { id firstName lastName posts { id title createdAt } }
}"""

Q3 = """query Q3($after: Int!) {
  users(where: {active: {eq: true}, id: {gt: $after}}, limit: 20) {
    id firstName lastName posts { id title createdAt }
  }
}"""

Q4 = """query Q4($after: Int!) {
  posts(where: {id: {gt: $after}}, limit: 100) {
    id title views createdAt
    author { id firstName lastName }
    comments { id body createdAt }
  }
}"""


@dataclass(frozen=True, slots=True)
class Operation:
    """A GraphQL operation with one variable, a number from ``low`` to ``high``.

    Attributes:
        name: Name of the operation, also in the document.
        title: Description.
        text: The document.
        variable: Name of the variable.
        low: Least value of the variable.
        high: Greatest value of the variable.
    """

    name: str
    title: str
    text: str
    variable: str
    low: int
    high: int

    def body(self, value: int) -> bytes:
        """Return the request's body."""
        prefix, suffix = self.halves()
        return f"{prefix}{value}{suffix}".encode()

    def halves(self) -> tuple[str, str]:
        """Return the request's body before and after the variable's value."""
        head = json.dumps({"query": self.text, "operationName": self.name})
        return f'{head[:-1]}, "variables": {{"{self.variable}": ', "}}"

    def values(self, seed: int, count: int) -> Iterator[int]:
        """Yield ``count`` values of the variable, the same for the same ``seed``."""
        random = Random(seed)
        for _ in range(count):
            yield self.value(random.randint(self.low, self.high))

    @staticmethod
    def value(number: int) -> int:
        """Return ``number``, or the next one if its user is not active."""
        return number + 1 if number % 10 == 0 else number


def operations(size: Size) -> tuple[Operation, ...]:
    """Return Q1 to Q4 with variables that fit the data."""
    users, posts = size.users - 1, size.discussed - 100
    return (
        Operation("Q1", "user by id, 5 scalars", Q1, "id", 1, users),
        Operation("Q2", "user by id with 10 posts", Q2, "id", 1, users),
        Operation("Q3", "20 active users, each with 10 posts", Q3, "after", 1, size.users - 30),
        Operation("Q4", "100 posts, each with author and 5 comments", Q4, "after", 1, posts - 1),
    )
