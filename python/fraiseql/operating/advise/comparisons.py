"""Comparisons in the conditions of plans, as ``EXPLAIN`` prints them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

Sort = Literal["equal", "range", "contains", "null", "true", "false", "other"]

_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[()\[\]]|\s+|[^\s()'\"\[\]]+")
_COLUMN: Final = re.compile(r'(?:(\w+|"(?:[^"]|"")+")\.)?(\w+|"(?:[^"]|"")+")')
_CAST: Final = re.compile(r"\((?P<inner>.+)\)::(?:text|bpchar|character varying)")
_KEY: Final = re.compile(r"(?P<column>.+?) ->> '(?P<key>(?:[^']|'')+)'::text")
_READ_KEY: Final = re.compile(
    r"""(?:(?:\w+|"(?:[^"]|"")+")\.)?(?:\w+|"(?:[^"]|"")+") ->> '(?:[^']|'')+'::text"""
)
_SORTS: Final[dict[str, Sort]] = {
    "=": "equal",
    "<": "range",
    ">": "range",
    "<=": "range",
    ">=": "range",
    "@>": "contains",
}
_MIRRORED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_LITERAL: Final = re.compile(
    r"(?:'(?:[^']|'')*'|-?[\d.]+|true|false)(?:::[\w .\"\[\]]+)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ScanItem:
    """A column, or a key of a JSON document, that a condition or an order names.

    Attributes:
        alias: Alias of its relation; empty if the plan has one relation only.
        column: Name of the column.
        key: Key in the document; empty for the column itself.
        wrapped: Whether the key is read as the framework's statements read it.
    """

    alias: str
    column: str
    key: str = ""
    wrapped: bool = False


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """A comparison of a column.

    Attributes:
        item: The column.
        sort: The sort of comparison.
        operator: As SQL.
        operand: The text of the other side; empty for tests of null and truth.
    """

    item: ScanItem
    sort: Sort
    operator: str = ""
    operand: str = ""

    @property
    def constant(self) -> str:
        """The operand if it is a constant, else an empty text."""
        return self.operand if _LITERAL.fullmatch(self.operand) else ""


def comparisons(condition: str) -> Iterator[PlanComparison]:
    """Yield the comparisons that a condition joins by AND, from both sides; others are left out."""
    for part in conjuncts(condition):
        words = _joined_case(_words(_bare(part)))
        if len(words) == 1:
            yield from _truth(words[0], "true")
        elif words[0] == "NOT" and len(words) == 2:  # noqa: PLR2004 - a word and its operand
            yield from _truth(words[1], "false")
        elif words[1:] in (["IS", "NULL"], ["IS", "NOT", "NULL"]):
            found_item = item(words[0])
            if found_item is not None:
                yield PlanComparison(found_item, "null", " ".join(words[1:]))
        else:
            yield from _of_operator(words)


def conjuncts(condition: str) -> list[str]:
    """Return the parts that a condition joins by AND."""
    text = _bare(condition)
    parts: list[list[str]] = [[]]
    for word in _words(text):
        if word == "AND":
            parts.append([])
        else:
            parts[-1].append(word)
    if len(parts) == 1:
        return [text]
    return [inner for part in parts for inner in conjuncts(" ".join(part))]


def item(text: str) -> ScanItem | None:
    """Return the column or key that an expression is, or None for any other."""
    bare = _bare(text)
    if bare.startswith("CASE "):
        return _case_item(bare)
    cast = _CAST.fullmatch(bare)
    if cast is not None:
        return item(cast["inner"])
    column = _COLUMN.fullmatch(bare)
    if column is not None and not _LITERAL.fullmatch(bare):
        return ScanItem(_name(column[1] or ""), _name(column[2]))
    key = _KEY.fullmatch(bare)
    if key is not None:
        owner = item(key["column"])
        if owner is not None and not owner.key:
            return ScanItem(owner.alias, owner.column, key["key"].replace("''", "'"))
    return None


def _case_item(text: str) -> ScanItem | None:
    """Return the key that a CASE reads; None if it reads several, or none."""
    keys = {item(match[0]) for match in _READ_KEY.finditer(text)}
    if len(keys) != 1:
        return None
    (key,) = keys
    return None if key is None else replace(key, wrapped=True)


def _joined_case(words: Sequence[str]) -> list[str]:
    """Return the words with those from CASE to END as one."""
    if "CASE" not in words or "END" not in words:
        return list(words)
    start, end = words.index("CASE"), len(words) - list(words)[::-1].index("END")
    return [*words[:start], " ".join(words[start:end]), *words[end:]]


def sort_item(text: str) -> tuple[ScanItem, bool] | None:
    """Return the item of a sort key and whether it is descending; None for any other."""
    words = _joined_case(_words(re.sub(r' COLLATE (?:\w+\.)?(?:"[^"]+"|\w+)', "", text)))
    descending = "DESC" in words
    if "NULLS" in words:
        return None
    column = item(" ".join(word for word in words if word not in ("DESC", "ASC")))
    return None if column is None else (column, descending)


def _of_operator(words: Sequence[str]) -> Iterator[PlanComparison]:
    operator = words[1]
    if operator not in _SORTS:
        return
    left, right = item(words[0]), item(" ".join(words[2:]))
    operand = " ".join(words[2:])
    if left is not None:
        yield PlanComparison(left, _SORTS[operator], operator, operand)
    if right is not None and operator != "@>":
        mirrored = _MIRRORED.get(operator, operator)
        yield PlanComparison(right, _SORTS[operator], mirrored, words[0])


def _truth(text: str, sort: Sort) -> Iterator[PlanComparison]:
    column = item(text)
    if column is not None and not _LITERAL.fullmatch(text):
        yield PlanComparison(column, sort)


def _words(text: str) -> list[str]:
    """Return the words between spaces that are in no parentheses."""
    words, depth = [""], 0
    for part in _TOKEN.findall(text):
        depth += (part in "([") - (part in ")]")
        if part.isspace() and depth == 0:
            words.append("")
        else:
            words[-1] += part
    return [word for word in words if word]


def _bare(text: str) -> str:
    """Return an expression without parentheses around all of it."""
    stripped = text.strip()
    while stripped.startswith("(") and len(_words(stripped)) == 1 and _closes_last(stripped):
        stripped = stripped[1:-1].strip()
    return stripped


def _closes_last(text: str) -> bool:
    depth, place = 0, 0
    for part in _TOKEN.findall(text):
        depth += (part == "(") - (part == ")")
        place += len(part)
        if depth == 0:
            return place == len(text)
    return False


def _name(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text
