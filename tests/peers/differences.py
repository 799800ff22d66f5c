"""Differences between FraiseQL and PostGraphile, each with its reason."""

from dataclasses import dataclass
from typing import Final

MASKED: Final = "An error occurred"
"""What PostGraphile says of an error that is no user's."""


@dataclass(frozen=True)
class Difference:
    """One question that both answer, but not in the same way.

    Attributes:
        ours: The question to FraiseQL.
        peers: The question to PostGraphile.
        answer: Our answer.
        peers_answer: Its answer; a text is part of its error.
        reason: Why they differ.
    """

    ours: str
    peers: str
    answer: object
    peers_answer: object
    reason: str


DIFFERENCES: Final = {
    "not of a comparison with null": Difference(
        "{ v: things(where: {not: {score: {lt: 5}}}) { nodes { id } } }",
        "{ v: allThings(filter: {not: {score: {lessThan: 5}}}) { nodes { id: rowId } } }",
        [{"id": 2}],
        [],
        "Ours finds the rows that the filter does not match; its SQL NOT leaves unknown unknown.",
    ),
    "every with a comparison of null": Difference(
        "{ v: shelves(where: {things: {every: {score: {lt: 5}}}}) { nodes { id } } }",
        "{ v: allShelves(filter: {thingsByShelfId: {every: {score: {lessThan: 5}}}})"
        " { nodes { id: rowId } } }",
        [{"id": 2}],
        [{"id": 1}, {"id": 2}],
        "A row that may not match does not match: every is true only if all rows match.",
    ),
    "equal to null": Difference(
        "{ v: things(where: {name: {eq: null}}) { nodes { id } } }",
        "{ v: allThings(filter: {name: {equalTo: null}}) { nodes { id: rowId } } }",
        [{"id": 3}],
        MASKED,
        "Ours is IS NULL, as None in Python; its option ignores the condition instead.",
    ),
    "an empty filter": Difference(
        "{ v: things(where: {}) { nodes { id } } }",
        "{ v: allThings(filter: {}) { nodes { id: rowId } } }",
        [{"id": 1}, {"id": 2}, {"id": 3}],
        MASKED,
        "An optional filter of reads may have no condition; writes refuse it.",
    ),
    "an infinite date": Difference(
        "{ v: things(where: {id: {eq: 3}}) { nodes { day } } }",
        "{ v: allThings(filter: {rowId: {equalTo: 3}}) { nodes { day } } }",
        [{"day": "infinity"}],
        [{"day": None}],
        "JavaScript has no such date.",
    ),
    "cursors of a null boolean": Difference(
        "{ v: things(orderBy: [{done: ASC}]) { nodes { id } edges { cursor } } }",
        "{ v: allThings(orderBy: [DONE_ASC]) { nodes { id: rowId } edges { cursor } } }",
        [{"id": 1}, {"id": 2}, {"id": 3}],
        MASKED,
        "Its cursor cannot encode null of this type.",
    ),
}
"""Rows: thing 1 with a score of 1 and thing 2 without, both on shelf 1; thing 3 on none."""
