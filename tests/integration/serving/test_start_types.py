"""Start: types and nullability that are declared and the catalog's are compared."""

import datetime as dt
import decimal
import enum
import json
import re
import uuid
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import SourceError
from tests.integration.serving.served import served
from tests.integration.serving.startup import COLUMNS, one_field, refused, warned


@fraiseql.enum
class Mood(enum.Enum):
    GLAD = "glad"
    SAD = "sad"


@fraiseql.enum
class Upper(enum.Enum):
    GLAD = "GLAD"
    SAD = "SAD"


@fraiseql.enum
class Half(enum.Enum):
    GLAD = "glad"


@fraiseql.enum
class Level(enum.Enum):
    ONE = 1
    TWO = 2


@fraiseql.type
class Pair:
    a: int
    b: str


@fraiseql.type
class OtherPair:
    a: str
    c: str


@fraiseql.type
class Nest:
    pair: Pair
    pairs: list[Pair]


@fraiseql.type
class WrongNest:
    pairs: list[OtherPair]


@fraiseql.scalar(form="string")
class Word(str):
    __slots__ = ()


HINTS: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "ID": fraiseql.ID,
    "BigInt": fraiseql.BigInt,
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
    "datetime": dt.datetime,
    "date": dt.date,
    "time": dt.time,
    "dict": dict,
    "Mood": Mood,
    "Level": Level,
    "Word": Word,
    "list[int]": list[int],
    "list[str]": list[str],
    "list[Mood]": list[Mood],
    "list[list[int]]": list[list[int]],
    "Pair": Pair,
    "Nest": Nest,
}


def selection(hint: Any) -> str:
    return {"Pair": " { a b }", "Nest": " { pair { a b } pairs { a b } }"}.get(hint, "")


@pytest.mark.parametrize("hint", HINTS)
def test_a_field_that_is_let_through_without_a_word_can_be_read_and_compared(
    compared: str, hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    names = [name for name in COLUMNS if not is_not_known(hint, name)]
    refused = refused_of(compared, hint, names)
    fitting = [name for name in names if name not in refused]
    caplog.clear()
    query = fraiseql.find("found", fields_of(hint, fitting))
    with served(compared, queries=[query]) as running:
        warnings = "\n".join(record.getMessage() for record in caplog.records)
        silent = [name for name in fitting if f"Sample.{name} " not in warnings]
        assert silent, "no column of this table fits the hint"
        for name in silent:
            rows = running.data(f"{{ found {{ {camel(name)}{selection(hint)} }} }}")["found"]
            check_comparison(running, name, rows[0][camel(name)])


def fields_of(hint: str, names: list[str]) -> Any:
    """Declare a type whose fields are columns, all with the same hint."""
    hints = {"id": int} | dict.fromkeys(names, HINTS[hint])
    body = {"__annotations__": hints, "__module__": __name__}
    return fraiseql.type(sql_source="sample")(type("Sample", (), body))


def refused_of(url: str, hint: str, names: list[str]) -> list[str]:
    """Return the fields for which the application does not start, each of which is named."""
    try:
        with served(url, queries=[fraiseql.find("found", fields_of(hint, names))]):
            return []
    except SourceError as error:
        code, said = error.code, str(error)
    assert code == "COLUMN_TYPE"
    reported = [name for name in names if f"Sample.{name} is" in said]
    assert all(f"public.sample.{name}" in said for name in reported)
    return reported


def is_not_known(hint: str, name: str) -> bool:
    """Return whether the catalog does not say which values there are, or how deep arrays go."""
    enums = {"Mood": ("feeling",), "Level": ("small", "normal"), "list[Mood]": ("feelings",)}
    if hint in enums:
        return name not in enums[hint]
    if name in ("plain", "binary_json"):
        return hint.startswith(("list", "Pair", "Nest"))
    return hint.startswith("list") and (name == "grid") is not (hint == "list[list[int]]")


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def check_comparison(running: Any, name: str, value: Any) -> None:
    fields = running.service.schema.graphql.type_map.get("SampleWhere").fields
    if camel(name) not in fields or name in ("place", "plain", "binary_json"):
        return
    # A value of an enum is written as its name: a literal, not a text.
    written = re.sub(r'"(GLAD|ONE|TWO)"', r"\1", json.dumps(value))
    operator = "contains" if isinstance(value, list | dict) else "eq"
    rows = running.data(
        f"{{ found(where: {{{camel(name)}: {{{operator}: {written}}}}}) {{ id }} }}"
    )
    assert rows["found"] == [{"id": 1}]


REFUSED = {
    ("words", int): ("Sample.words is int", "public.sample.words is text", "words: str"),
    ("words", float): ("is float", "is text", "words: str"),
    ("words", decimal.Decimal): ("is decimal.Decimal", "is text", "words: str"),
    ("moment", dt.date): ("is datetime.date", "is timestamp with time zone", "datetime"),
    ("day", dt.datetime): ("is datetime.datetime", "is date.", "day: datetime.date"),
    ("moment", dt.time): ("is datetime.time", "is timestamp", "datetime.datetime"),
    ("normal", bool): ("is bool", "is integer", "normal: int"),
    ("truth", int): ("is int", "is boolean", "truth: bool"),
    ("truth", str): ("is str", "is boolean", "truth: bool"),
    ("numbers", int): ("is int", "is integer[]", "numbers: list[int]"),
    ("normal", list[int]): ("is list[int]", "is integer", "normal: int"),
    ("texts", list[int]): ("is list[int]", "is text[]", "str"),
    ("cash", decimal.Decimal): ("is decimal.Decimal", "is money", "str"),
    ("counted", bool): ("is bool", "whole", "counted: int"),
    ("counts", list[bool]): ("is list[bool]", "wholes", "int"),
    ("feeling", Upper): ("is Upper", "has no label 'GLAD', 'SAD'", "'glad', 'sad'"),
    ("feeling", int): ("is int", "mood", "'glad', 'sad', or str"),
    ("words", Level): ("is Level", "stored as 1, 2", "str"),
    ("normal", Mood): ("is Mood", "stored as 'glad', 'sad'", "int"),
    ("pair", str): ("is str", "inner_pair", "a declared type with a, b"),
    ("pair", OtherPair): ("is OtherPair", "inner_pair has no attribute 'c', only a, b"),
    ("nest", WrongNest): ("is WrongNest", "has no attribute 'c', only a, b", "WrongNest.pairs"),
    ("words", Pair): ("is Pair", "is text", "or embed Pair with fraiseql.embed"),
    ("normal", Word): ("is Word", "is integer", "form 'string'"),
}


@pytest.mark.parametrize(("name", "hint"), REFUSED, ids=str)
def test_a_type_that_cannot_be_right_is_refused(compared: str, name: str, hint: Any) -> None:
    nullable = hint | None
    for chosen in (hint, nullable):
        text = refused(compared, fraiseql.find("found", one_field(name, chosen)))
        for part in REFUSED[name, hint]:
            assert part in text


WARNED = {
    ("large", int): ("beyond 32 bits", "large: fraiseql.BigInt"),
    ("many_digits", int): ("beyond 32 bits", "fraiseql.BigInt"),
    ("exact", int): ("with a fraction", "exact: decimal.Decimal"),
    ("double", fraiseql.BigInt): ("with a fraction", "double: float"),
    ("double", decimal.Decimal): ("not exact", "double: float"),
    ("normal", str): ("filters compare numbers", "normal: int"),
    ("words", uuid.UUID): ("compared as null", "words: str"),
    ("words", dt.date): ("compared as null", "words: str"),
    ("binary_json", str): ("other JSON", "binary_json: dict"),
    ("feeling", Half): ("rows with 'sad'", "members whose values are 'glad', 'sad'"),
}


@pytest.mark.parametrize(("name", "hint"), WARNED, ids=str)
def test_what_may_go_wrong_is_a_warning(
    compared: str, name: str, hint: Any, caplog: pytest.LogCaptureFixture
) -> None:
    text = warned(compared, caplog, fraiseql.find("found", one_field(name, hint)))
    assert f"Sample.{name} is" in text
    assert f"public.sample.{name} is" in text
    for part in WARNED[name, hint]:
        assert part in text


NULLS = {
    "maybe": (str, True),
    "checked": (str, False),
    "sure": (str, False),
    "doubled": (int, True),
}


@pytest.mark.parametrize("name", NULLS)
def test_a_field_that_is_never_null_over_a_column_that_may_be_is_a_warning(
    compared: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    hint, loose = NULLS[name]
    text = warned(compared, caplog, fraiseql.find("found", one_field(name, hint, "loose")))
    assert (f"public.loose.{name} may hold null" in text) is loose
    assert (f"Write {name}: {hint.__name__} | None" in text) is loose


def test_of_a_view_it_is_not_known_what_may_be_null(
    compared: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert warned(compared, caplog, fraiseql.find("found", one_field("maybe", str, "seen"))) == ""
    assert "is text" in refused(compared, fraiseql.find("found", one_field("maybe", int, "seen")))


def test_keys_of_a_document_are_not_compared(
    compared: str, caplog: pytest.LogCaptureFixture
) -> None:
    @fraiseql.type(sql_source="child", jsonb_column="document")
    class Child:
        id: int
        anything: int
        other: dt.date

    assert warned(compared, caplog, fraiseql.find("found", Child)) == ""
