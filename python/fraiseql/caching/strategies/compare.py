"""Comparison of stored documents with live ones."""
# ruff: noqa: S608 - identifiers are quoted from the catalog

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.catalog.picture import quote
from fraiseql.database.writing import AdminConnection
from fraiseql.expressions import literal

_SEED: Final = 42  # both statements of one comparison take the same sample
SHOWN: Final = 20
"""Most differences that are shown for one type."""

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored document that differs from the live one.

    Attributes:
        key: The row's key, as text.
        stored: The stored document's text; None if it is missing.
        live: The live document's text; None if it is missing.
    """

    key: str
    stored: str | None
    live: str | None

    def lines(self) -> Iterator[str]:
        """Yield a line for each difference in the document; long values are cut."""
        stored, live = _parsed(self.stored), _parsed(self.live)
        if not isinstance(stored, dict) or not isinstance(live, dict):
            yield f"{self.key}: stored {_short(self.stored)}, live {_short(self.live)}"
            return
        for path, old, new in _differences(stored, live):
            yield f"{self.key}: {path}: stored {old}, live {new}"


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of comparing the documents of one type.

    Attributes:
        type_name: GraphQL name.
        compared: Number of compared documents.
        differing: Number of documents that differ.
        differences: The first of them.
        note: Why they were not compared; empty if they were.
    """

    type_name: str
    compared: int
    differing: int
    differences: tuple[Difference, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class RowComparison:
    """A comparison of stored and live documents, in SQL over the rows ``t`` of one relation.

    Attributes:
        relation: Quoted and qualified.
        key: Columns that identify a row.
        stored: Expression of the stored document.
        live: Expression of the live document.
        touch: Assignment whose update recomputes the stored document.
    """

    relation: str
    key: tuple[str, ...]
    stored: str
    live: str
    touch: str


async def compare_rows(
    connection: AdminConnection, type_name: str, comparison: RowComparison, sample: float
) -> Verified:
    """Compare documents as text; ``sample`` is a share of the rows in per cent."""
    sampled = "" if sample >= 100 else f" TABLESAMPLE BERNOULLI ({sample}) REPEATABLE ({_SEED})"  # noqa: PLR2004
    relation = f"{comparison.relation} AS t{sampled}"
    differs = _differs(comparison)
    counts: Any = await connection.fetchrow(
        "SELECT count(*) AS compared,"
        f" count(*) FILTER (WHERE {differs}) AS differing FROM {relation}"
    )
    rows: list[Any] = []
    if counts["differing"]:
        key = [f"t.{quote(name)}" for name in comparison.key] or ["t.ctid"]
        rows = await connection.fetch(
            f"SELECT {_key_text(comparison)} AS key, {comparison.stored}::text AS stored,"
            f" {comparison.live}::text AS live"
            f" FROM {relation} WHERE {differs} ORDER BY {', '.join(key)} LIMIT {SHOWN}"
        )
    shown = tuple(Difference(row["key"], row["stored"], row["live"]) for row in rows)
    return Verified(type_name, counts["compared"], counts["differing"], shown)


async def repair_rows(connection: AdminConnection, comparison: RowComparison) -> int:
    """Recompute every document that differs, and return their number."""
    async with connection.begun():
        done = await connection.execute(
            f"UPDATE {comparison.relation} AS t SET {comparison.touch} WHERE {_differs(comparison)}"
        )
    return int(done.rpartition(" ")[2])


def _differs(comparison: RowComparison) -> str:
    # As text: 1.0 and 1.00 are equal as jsonb, but readers see the difference.
    return f"({comparison.stored})::text IS DISTINCT FROM ({comparison.live})::text"


def _key_text(comparison: RowComparison) -> str:
    parts = [f"{literal(name)} || '=' || t.{quote(name)}::text" for name in comparison.key]
    return " || ', ' || ".join(parts) or "'row ' || t.ctid::text"


def _parsed(text: str | None) -> Any:
    # Numbers keep their text: 1.0 and 1.00 differ.
    return None if text is None else json.loads(text, parse_float=_Token, parse_int=_Token)


def _differences(stored: Any, live: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the paths where two values differ, as in ``posts[2].title``, with both texts."""
    if isinstance(stored, dict) and isinstance(live, dict):
        for name in dict.fromkeys((*live, *stored)):
            inner = f"{path}.{name}".lstrip(".")
            yield from _differences(stored.get(name, _MISSING), live.get(name, _MISSING), inner)
    elif isinstance(stored, list) and isinstance(live, list) and len(stored) == len(live):
        for position, (old, new) in enumerate(zip(stored, live, strict=True)):
            yield from _differences(old, new, f"{path}[{position}]")
    elif _shown(stored) != _shown(live):
        yield path, _short(_shown(stored)), _short(_shown(live))


class _Token(str):
    """A number as text."""

    __slots__ = ()


_MISSING: Final = _Token("missing")


def _shown(value: Any) -> str:
    if isinstance(value, _Token):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        pairs = (
            f"{json.dumps(key, ensure_ascii=False)}: {_shown(of)}" for key, of in value.items()
        )
        return f"{{{', '.join(pairs)}}}"
    return json.dumps(value, ensure_ascii=False)


def _short(text: str | None) -> str:
    if text is None:
        return "nothing"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}… ({len(text):,} characters)"
