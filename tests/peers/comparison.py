"""Walks over the pages of FraiseQL and PostGraphile, compared page by page."""

import json
import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tests.integration.serving.served import Served
from tests.peers.postgraphile import PostGraphile
from tests.peers.questions import Question, Writer, our_filter, peer_filter

ARGUMENTS: Final = "first: $first, after: $after, last: $last, before: $before"
INFO: Final = "totalCount pageInfo { hasNextPage hasPreviousPage }"
BODIES: Final = {
    "thing": "id code name score ratio at day mood done shelf { id }",
    "shelf": "id name rank things(orderBy: [{name: DESC}, {id: ASC}], first: 3)"
    " { nodes { id } totalCount }",
}
PEER_BODIES: Final = {
    "thing": "id: rowId code name score ratio at day mood done shelf: shelfByShelfId { id: rowId }",
    "shelf": "id: rowId name rank things: thingsByShelfId(orderBy: [NAME_DESC, ROW_ID_ASC],"
    " first: 3) { nodes { id: rowId } totalCount }",
}
ROOTS: Final = {"thing": ("things", "allThings"), "shelf": ("shelves", "allShelves")}


PLACE: Final = "$first: Int, $last: Int, $after: {0}, $before: {0}"


def our_query(kind: str) -> str:
    """Return the document of a page."""
    name, body = ROOTS[kind][0], BODIES[kind]
    types = f"$o: [{kind.title()}OrderBy!], $w: {kind.title()}Where"
    return (
        f"query ({types}, {PLACE.format('String')}) {{ v: {name}(where: $w, orderBy: $o,"
        f" {ARGUMENTS}) {{ nodes {{ {body} }} edges {{ cursor }} {INFO} }} }}"
    )


def peer_query(kind: str) -> str:
    """Return PostGraphile's document of a page, by cursors if ``$k`` is true."""
    name, body = ROOTS[kind][1], PEER_BODIES[kind]
    types = f"$o: [{kind.title()}OrderBy!], $w: {kind.title()}Filter, $k: Boolean!, $offset: Int"
    return (
        f"query ({types}, {PLACE.format('Cursor')}) {{ v: {name}(filter: $w, orderBy: $o,"
        f" offset: $offset, {ARGUMENTS}) {{ nodes {{ {body} }}"
        f" edges @include(if: $k) {{ cursor }} {INFO} }} }}"
    )


OURS: Final = {kind: our_query(kind) for kind in ROOTS}
PEERS: Final = {kind: peer_query(kind) for kind in ROOTS}


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with numbers and instants in one form."""
    values = dict(row)
    if values.get("ratio") is not None:
        values["ratio"] = Decimal(str(values["ratio"]))
    if values.get("score") is not None:
        values["score"] = float(values["score"])
    if values.get("at") is not None:
        values["at"] = datetime.fromisoformat(values["at"])
    return values


@dataclass(frozen=True)
class Direction:
    """Direction of a walk.

    Attributes:
        size: Argument of the number of rows.
        place: Argument of the cursor.
        more: Field that says whether more rows follow.
        last: Index of the last row in this direction; its cursor is the next place.
    """

    size: str
    place: str
    more: str
    last: int


class Comparison:
    """Asks both, and compares.

    Args:
        ours: FraiseQL.
        peer: PostGraphile.
        seed: Of the questions.

    Attributes:
        counts: What was compared.
    """

    def __init__(self, ours: Served, peer: PostGraphile, seed: int) -> None:
        self._ours, self._peer = ours, peer
        self._writer = Writer(random.Random(seed))
        self.counts: Counter[str] = Counter()

    def run_one(self) -> None:
        """Draw a question and walk its pages in both directions."""
        question = self._writer.question()
        forwards = self._walk(question, Direction("first", "after", "hasNextPage", -1))
        backwards = self._walk(question, Direction("last", "before", "hasPreviousPage", 0))
        assert forwards == backwards[::-1], question
        self.counts["questions"] += 1
        self.counts["rows"] += len(forwards)

    def _walk(self, question: Question, way: Direction) -> list[int]:
        """Return the keys of all rows, in the direction of the walk."""
        keys: list[int] = []
        ours: dict[str, Any] = {way.size: question.size}
        theirs = dict(ours)
        while True:
            page = self._ask_us(question, ours)
            if not question.has_keyset and way.size == "last":
                start = page["totalCount"] - len(keys)
                theirs = _slice(max(start - question.size, 0), min(start, question.size))
            other = self._ask_peer(question, theirs)
            rows, expected = ([plain(row) for row in each["nodes"]] for each in (page, other))
            where = (question, way, len(keys))
            assert rows == expected, (where, rows, expected)
            assert page["totalCount"] == other["totalCount"], where
            keys += [row["id"] for row in rows][:: 1 if way.last else -1]
            more = page["pageInfo"][way.more]
            assert more == (len(keys) < page["totalCount"]), where
            self.counts["pages"] += 1
            if not more:
                return keys
            ours[way.place] = page["edges"][way.last]["cursor"]
            if question.has_keyset:
                assert other["pageInfo"][way.more], where
                theirs[way.place] = other["edges"][way.last]["cursor"]
            else:
                theirs["offset"] = len(keys)

    def _ask_us(self, question: Question, place: dict[str, Any]) -> Any:
        values = {"o": question.our_order, "w": our_filter(question.where), **place}
        answer = json.loads(self._ours.body(OURS[question.kind], values), parse_float=Decimal)
        assert "errors" not in answer, (answer, question)
        return answer["data"]["v"]

    def _ask_peer(self, question: Question, place: dict[str, Any]) -> Any:
        where = {"w": peer_filter(question.where)} if question.where else {}
        values = {"o": question.peer_order, "k": question.has_keyset, **where, **place}
        return self._peer.data(PEERS[question.kind], values)["v"]


def _slice(start: int, size: int) -> dict[str, Any]:
    return {"offset": start, "first": size}
