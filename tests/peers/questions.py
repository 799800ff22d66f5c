"""Random questions about things on shelves, in FraiseQL's words and in PostGraphile's."""

import random
from dataclasses import dataclass
from typing import Any, Final

Filter = tuple[Any, ...]
"""``("is", field, operator, value)``, ``("and" | "or", filters)``, ``("not", filter)``,
``("shelf", filter)`` or ``("things", "some" | "every" | "none", filter)``."""

OPERATORS: Final = {
    "eq": "equalTo",
    "neq": "notEqualTo",
    "distinctFrom": "distinctFrom",
    "notDistinctFrom": "notDistinctFrom",
    "in": "in",
    "notIn": "notIn",
    "lt": "lessThan",
    "lte": "lessThanOrEqualTo",
    "gt": "greaterThan",
    "gte": "greaterThanOrEqualTo",
    "isNull": "isNull",
    "contains": "includes",
    "icontains": "includesInsensitive",
    "startsWith": "startsWith",
    "endsWith": "endsWith",
    "like": "like",
    "ilike": "likeInsensitive",
}
TEXTS: Final = ("contains", "icontains", "startsWith", "endsWith", "like", "ilike")
EQUAL: Final = ("eq", "neq", "distinctFrom", "notDistinctFrom", "in", "notIn", "isNull")
ORDERED: Final = ("lt", "lte", "gt", "gte")
NULL_SAFE: Final = ("distinctFrom", "notDistinctFrom", "isNull")

VALUES: Final[dict[str, dict[str, list[Any]]]] = {
    "thing": {
        "id": [1, 5, 17, 40, 99],
        "code": [0, 1, 2],
        "name": ["", "a", "B", "ä", 'q"\\', "50%", "a_b", "zz"],
        "score": [-1.5, 0.1, 1e300, 3.0],
        "ratio": ["0.10", "-2", "12345678901234567890.5"],
        "at": ["2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00.000001+00:00"],
        "day": ["1999-12-31", "2024-02-29", "0002-01-01"],
        "mood": ["SAD", "FINE", "GLAD"],
        "done": [True, False],
    },
    "shelf": {"id": [1, 2, 6], "name": ["a", "B", ""], "rank": [0, 1, 2]},
}
NOT_NULL: Final = {"thing": ("id", "code"), "shelf": ("id",)}
ORDERABLE: Final = {
    "thing": ["code", "name", "score", "ratio", "at", "day", "done"],
    "shelf": ["name", "rank"],
}


def peer_field(name: str) -> str:
    """Return PostGraphile's name of a field: it has ``id`` for the global id."""
    return "rowId" if name == "id" else name


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        kind: ``thing`` or ``shelf``.
        where: The filter; None for none.
        order: Fields with their directions; the last is the key.
        size: Rows of a page.
    """

    kind: str
    where: Filter | None
    order: tuple[tuple[str, str], ...]
    size: int

    @property
    def has_keyset(self) -> bool:
        """Whether PostGraphile's cursors work: they lose rows whose keys are null."""
        return all(name in NOT_NULL[self.kind] for name, _ in self.order)

    @property
    def our_order(self) -> list[dict[str, str]]:
        return [{name: way} for name, way in self.order]

    @property
    def peer_order(self) -> list[str]:
        return [f"{'ROW_ID' if name == 'id' else name.upper()}_{way}" for name, way in self.order]


def our_filter(where: Filter | None) -> dict[str, Any] | None:
    """Return a filter in our words."""
    match where:
        case None:
            return None
        case ("is", field, operator, value):
            return {field: {operator: value}}
        case ("and" | "or" as word, parts):
            return {word: [our_filter(part) for part in parts]}
        case ("not" | "shelf" as word, part):
            return {word: our_filter(part)}
        case (word, how, part):
            return {word: {how: our_filter(part)}}
    raise AssertionError(where)


def peer_filter(where: Filter | None) -> dict[str, Any] | None:
    """Return a filter in PostGraphile's words."""
    match where:
        case None:
            return None
        case ("is", field, operator, value):
            return {peer_field(field): {OPERATORS[operator]: value}}
        case ("and" | "or" as word, parts):
            return {word: [peer_filter(part) for part in parts]}
        case ("not", part):
            return {"not": peer_filter(part)}
        case ("shelf", part):
            return {"shelfByShelfId": peer_filter(part)}
        case (_, how, part):
            return {"thingsByShelfId": {how: peer_filter(part)}}
    raise AssertionError(where)


class Writer:
    """Draws questions.

    Args:
        chosen: The random numbers.
    """

    def __init__(self, chosen: random.Random) -> None:
        self._chosen = chosen

    def question(self) -> Question:
        """Draw a question."""
        chosen = self._chosen
        kind = chosen.choice(["thing", "thing", "shelf"])
        fields = ORDERABLE[kind]
        names = chosen.sample(fields, chosen.randint(0, min(3, len(fields))))
        order = [(name, chosen.choice(["ASC", "DESC"])) for name in [*names, "id"]]
        where = self.where(kind, 2) if chosen.random() < 0.75 else None
        return Question(kind, where, tuple(order), chosen.randint(4, 25))

    def where(self, kind: str, depth: int, *, null_safe: bool = False) -> Filter:
        """Draw a filter; a null-safe one is true or false, never null."""
        chosen = self._chosen
        if depth == 0 or chosen.random() < 0.35:
            return self._condition(kind, null_safe=null_safe)
        word = chosen.choice(["and", "or", "not", "related"])
        if word in ("and", "or"):
            count = chosen.randint(1, 3)
            parts = [self.where(kind, depth - 1, null_safe=null_safe) for _ in range(count)]
            return (word, parts)
        if word == "not":
            return ("not", self.where(kind, depth - 1, null_safe=True))
        return self._related(kind, depth - 1)

    def _related(self, kind: str, depth: int) -> Filter:
        if kind == "thing":
            return ("shelf", self.where("shelf", depth))
        how = self._chosen.choice(["some", "every", "none"])
        return ("things", how, self.where("thing", depth, null_safe=how == "every"))

    def _condition(self, kind: str, *, null_safe: bool) -> Filter:
        chosen = self._chosen
        field = chosen.choice([*VALUES[kind]])
        operators = [name for name in EQUAL if field != "done" or name not in ("in", "notIn")]
        operators += ORDERED if field not in ("done", "mood") else ()
        operators += TEXTS if field == "name" else ()
        if null_safe and field not in NOT_NULL[kind]:
            operators = [*NULL_SAFE]
        operator = chosen.choice(operators)
        return ("is", field, operator, self._operand(kind, field, operator))

    def _operand(self, kind: str, field: str, operator: str) -> Any:
        values = VALUES[kind][field]
        if operator == "isNull":
            return self._chosen.choice([True, False])
        if operator in ("in", "notIn"):
            return self._chosen.sample(values, self._chosen.randint(0, min(3, len(values))))
        return self._chosen.choice(values)
