"""Requests of the traced application, with random variables."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any, Final

from benchmarks.advise_pairs.shapes import STORED, Shape

RUNS: Final = 8
REPEATED: Final = 40
"""Runs of operations whose results may be cached: the first of each key is no hit."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation.

    Attributes:
        name: Its name.
        query: Its document.
        variables: Those of each run.
        write_share: Writes to its tables, as a share of reads and writes.
        is_cached: Whether results are cached: such times are those of a clock.
    """

    name: str
    query: str
    variables: tuple[Mapping[str, Any], ...]
    write_share: float = 0.0
    is_cached: bool = False


def operations(shape: Shape, numbers: random.Random) -> Iterator[Operation]:
    """Yield the operations over the tables of a shape."""
    letter = shape.letter
    limit = numbers.choice((3, 20, 60))
    owners = [{"a": numbers.randrange(shape.owners)} for _ in range(RUNS)]
    pairs = [each | {"b": numbers.randrange(shape.regions)} for each in owners]
    yield _made(shape, "Owned", f"ownedX(ownerId: $a, limit: {limit}) {{ title score }}", owners)
    yield _made(shape, "Noted", "ownedX(ownerId: $a, limit: 5) { title notes { body } }", owners)
    yield _made(shape, "Placed", "placedX(ownerId: $a, region: $b) { id token }", pairs, "b: Int!")
    limits = [{"a": limit}] * RUNS
    yield _made(shape, "Latest", "latestX(limit: $a) { id title status }", limits)
    yield from _by_text(shape, numbers)
    recent = [
        {"a": (datetime.now(UTC) - timedelta(hours=30 + numbers.random() * 30)).isoformat()}
        for _ in range(RUNS)
    ]
    yield _made(
        shape, "Logs", "logsX(limit: 50, where: {at: {gt: $a}}) { line }", recent, of="DateTime!"
    )
    yield Operation(
        f"Totals{letter}",
        f"query Totals{letter} {{ totals{letter.upper()} {{ region total }} }}",
        ({},) * RUNS,
        write_share=0.9,
    )
    if letter in STORED:
        yield from _stored(shape, numbers)
    ids = [{"a": numbers.randrange(1, shape.rows)} for _ in range(RUNS)]
    yield _made(shape, "One", "itemX(id: $a) { title notes { body createdAt } }", ids)


def _stored(shape: Shape, numbers: random.Random) -> Iterator[Operation]:
    """Yield the operations whose documents or results may be stored."""
    wide = "listedX(limit: $a) { id token title body status score createdAt }"
    nested = "groupsX(limit: $a) { name members { name about } }"
    yield replace(_made(shape, "Listed", wide, [{"a": 900}] * RUNS), write_share=0.5)
    yield replace(_made(shape, "Groups", nested, [{"a": 60}] * RUNS), write_share=0.5)
    limits = [{"a": numbers.choice((80, 90, 100))} for _ in range(REPEATED)]
    asked = _made(shape, "Asked", "groupsX(limit: $a) { id members { about } }", limits)
    yield replace(asked, is_cached=True)
    name, field = f"Repeated{shape.letter}", f"repeated{shape.letter.upper()}"
    yield Operation(name, f"query {name} {{ {field} }}", ({},) * REPEATED, is_cached=True)


def _by_text(shape: Shape, numbers: random.Random) -> Iterator[Operation]:
    """Yield the operations whose parameter is a text."""
    ids = [numbers.randrange(1, shape.rows) for _ in range(RUNS)]
    colours = [f"k{numbers.randrange(shape.colours)}" for _ in range(RUNS)]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    texts = {
        "Token": ("byTokenX(token: $a) { title score }", [_token(each, shape) for each in ids]),
        "Code": ("docsX(code: $a) { code size }", [f"c{each % shape.docs}" for each in ids]),
        "Rare": ("rareX(value: $a)", [str(each // 2) for each in ids]),
        "Hidden": ("hiddenX(value: $a)", [str(each % shape.owners) for each in ids]),
        "Matching": ("matchingX(value: $a)", [json.dumps({"colour": each}) for each in colours]),
        "Coloured": ("colouredX(value: $a)", colours),
        "Recent": (
            "recentX(value: $a)",
            [str(start + timedelta(minutes=each % shape.owners)) for each in ids],
        ),
        "Joined": ("joinedX(value: $a)", [str(each) for each in ids]),
    }
    for name, (field, values) in texts.items():
        made = _made(shape, name, field, [{"a": each} for each in values], of="String!")
        # Read only, their results would be cached instead.
        yield replace(made, write_share=0.5) if name == "Matching" else made


def _token(number: int, shape: Shape) -> str:
    return md5(f"{number}{shape.letter}".encode(), usedforsecurity=False).hexdigest()


def _made(
    shape: Shape,
    name: str,
    field: str,
    variables: list[Any],
    more: str = "",
    *,
    of: str = "Int!",
) -> Operation:
    name = f"{name}{shape.letter}"
    field = field.replace("X(", f"{shape.letter.upper()}(")
    declared = ", ".join(each for each in (f"$a: {of}", f"${more}" if more else "") if each)
    return Operation(name, f"query {name}({declared}) {{ {field} }}", tuple(variables))
