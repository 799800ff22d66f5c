"""Compare: kept documents beside live ones, in SQL over the rows of one relation."""
# ruff: noqa: S608 - identifiers are quoted from the catalog

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.catalog.picture import quote
from fraiseql.database.writing import AdminConnection
from fraiseql.expressions import literal

_SEED: Final = 42  # the same sample in both statements of one verification
SHOWN: Final = 20
"""Most differences that are shown of one type."""

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One document that is not what it should be.

    Attributes:
        key: The row's key, as text.
        kept: The kept document's text, or None.
        live: The text of what it should be.
    """

    key: str
    kept: str | None
    live: str | None

    def lines(self) -> Iterator[str]:
        """Yield what differs, a line for each place in the document; long values are cut."""
        kept, live = _parsed(self.kept), _parsed(self.live)
        if not isinstance(kept, dict) or not isinstance(live, dict):
            yield f"{self.key}: kept {_short(self.kept)}, live {_short(self.live)}"
            return
        for path, old, new in _unlike(kept, live):
            yield f"{self.key}: {path}: kept {old}, live {new}"


@dataclass(frozen=True, slots=True)
class Verified:
    """How the documents of one type compare.

    Attributes:
        type_name: GraphQL name.
        compared: Number of documents looked at.
        differing: Number of those that differ.
        differences: The first of them.
        note: Why they were not compared; empty when they were.
    """

    type_name: str
    compared: int
    differing: int
    differences: tuple[Difference, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How kept documents are compared with live ones, in SQL over the rows ``t`` of one relation.

    Attributes:
        relation: Quoted and qualified.
        key: Columns that identify a row.
        kept: Expression of the kept document.
        live: Expression of the document as it should be.
        touch: Assignment whose update makes the kept document anew.
    """

    relation: str
    key: tuple[str, ...]
    kept: str
    live: str
    touch: str


async def compared(
    connection: AdminConnection, type_name: str, how: Comparison, sample: float
) -> Verified:
    """Compare documents as text; ``sample`` is a share of the rows in per cent."""
    sampled = "" if sample >= 100 else f" TABLESAMPLE BERNOULLI ({sample}) REPEATABLE ({_SEED})"  # noqa: PLR2004
    rows = f"{how.relation} AS t{sampled}"
    differs = _differs(how)
    counts: Any = await connection.fetchrow(
        f"SELECT count(*) AS compared, count(*) FILTER (WHERE {differs}) AS differing FROM {rows}"
    )
    found: list[Any] = []
    if counts["differing"]:
        key = [f"t.{quote(name)}" for name in how.key] or ["t.ctid"]
        found = await connection.fetch(
            f"SELECT {_key_text(how)} AS key, {how.kept}::text AS kept, {how.live}::text AS live"
            f" FROM {rows} WHERE {differs} ORDER BY {', '.join(key)} LIMIT {SHOWN}"
        )
    shown = tuple(Difference(row["key"], row["kept"], row["live"]) for row in found)
    return Verified(type_name, counts["compared"], counts["differing"], shown)


async def mended(connection: AdminConnection, how: Comparison) -> int:
    """Make anew every document that differs, and return how many there were."""
    async with connection.begun():
        done = await connection.execute(
            f"UPDATE {how.relation} AS t SET {how.touch} WHERE {_differs(how)}"
        )
    return int(done.rpartition(" ")[2])


def _differs(how: Comparison) -> str:
    # As text: jsonb takes 1.0 and 1.00 for equal, and a reader sees the difference.
    return f"({how.kept})::text IS DISTINCT FROM ({how.live})::text"


def _key_text(how: Comparison) -> str:
    parts = [f"{literal(name)} || '=' || t.{quote(name)}::text" for name in how.key]
    return " || ', ' || ".join(parts) or "'row ' || t.ctid::text"


def _parsed(text: str | None) -> Any:
    # Numbers as they are written: 1.0 and 1.00 are to be told apart.
    return None if text is None else json.loads(text, parse_float=_Token, parse_int=_Token)


def _unlike(kept: Any, live: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the places where two values differ: ``posts[2].title``, and both texts."""
    if isinstance(kept, dict) and isinstance(live, dict):
        for name in dict.fromkeys((*live, *kept)):
            below = f"{path}.{name}".lstrip(".")
            yield from _unlike(kept.get(name, _MISSING), live.get(name, _MISSING), below)
    elif isinstance(kept, list) and isinstance(live, list) and len(kept) == len(live):
        for place, (old, new) in enumerate(zip(kept, live, strict=True)):
            yield from _unlike(old, new, f"{path}[{place}]")
    elif _shown(kept) != _shown(live):
        yield path, _short(_shown(kept)), _short(_shown(live))


class _Token(str):
    """A number as its text."""

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
