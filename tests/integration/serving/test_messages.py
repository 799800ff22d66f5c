"""Python's messages and closed introspection's names do not reach clients."""

import re
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import pytest

import fraiseql
from fraiseql.repositories import Repository
from tests.golden import application
from tests.golden.application import TABLES, TYPES, Book, Genre
from tests.integration.serving.served import Served, served


def _key_error(value: Any) -> Any:
    return {}[value]


def _own_words(value: str) -> str:
    if value == "8":
        raise ValueError("'8' is no code of ours.")
    raise fraiseql.InputError(f"{value!r} is no code of ours.")


Plain = Annotated[int, fraiseql.scalar("Plain", parse=int, form="string")]
Strange = Annotated[str, fraiseql.scalar("Strange", parse=_key_error)]
Identified = Annotated[str, fraiseql.scalar("Identified", parse=UUID, form="string")]
Worded = Annotated[str, fraiseql.scalar("Worded", parse=_own_words, form="string")]
Deep = Annotated[
    dict, fraiseql.scalar("Deep", parse=lambda value: value.no_such_attribute, form="any")
]


@fraiseql.input
class Box:
    plain: Plain | None = None
    strange: list[Strange] | None = None
    genre: Genre | None = None


@fraiseql.query
def scalars(  # noqa: PLR0917 - one argument for each scalar
    plain: Plain | None = None,
    strange: Strange | None = None,
    identified: Identified | None = None,
    worded: Worded | None = None,
    deep: Deep | None = None,
    box: Box | None = None,
) -> str | None:
    return None


@fraiseql.query
async def ordered(info: fraiseql.Info, by: str) -> list[Book]:
    return await Repository(info.context["db"], info.context).find("book", order_by=by)


@fraiseql.query
async def compared(info: fraiseql.Info, operator: str) -> list[Book]:
    repo = Repository(info.context["db"], info.context)
    return await repo.find("book", where={"id": {operator: 1}})


@fraiseql.query
def odd(of: str) -> Any:
    return {"set": {1, object()}, "object": object(), "nan": float("nan")}.get(of)


QUERIES = [*application.QUERIES, scalars, ordered, compared, odd]

PYTHON = re.compile(
    r"Exceeds the limit|invalid literal|KeyError|AttributeError|has no attribute|encountered error"
    r"|badly formed"
    r"|object at 0x|Traceback|unhashable|serializable|ecursion|Invalid isoformat|unexpected"
    r"|datetime\.|Decimal\(|UUID\(|<Genre|ValueError|TypeError|NoneType|codec|int\(\)"
)
"""Words of Python and of its libraries."""


@pytest.fixture(scope="module", params=[True, False], ids=["open", "closed"])
def bench(request: pytest.FixtureRequest, database: str) -> Iterator[Served]:
    sql = TABLES if request.param else ""
    options = {"types": TYPES, "queries": QUERIES, "introspection": request.param}
    with served(database, sql, **options) as running:
        yield running


DIGITS = "1" * 5_000
LITERALS = [
    f"{{ author(id: {DIGITS}) {{ id }} }}",
    f"{{ books(where: {{ price: {{ eq: {DIGITS}e{DIGITS} }} }}) {{ id }} }}",
    '{ books(where: { createdAt: { eq: "2024-13-45" } }) { id } }',
    "{ books(where: { createdAt: { eq: 7 } }) { id } }",
    '{ scalars(plain: "x") }',
    '{ scalars(strange: "x") }',
    '{ scalars(deep: "x") }',
    '{ scalars(identified: "x") }',
    '{ scalars(box: { plain: "x", strange: [1] }) }',
    '{ odd(of: "set") }',
    '{ odd(of: "object") }',
    '{ broken(of: "x") }',
]
VARIABLES = [
    ("Int", "author(id: $x) { id }", "1"),
    ("Plain", "scalars(plain: $x)", "x"),
    ("Strange", "scalars(strange: $x)", {"a": []}),
    ("Strange", "scalars(box: { strange: [$x] })", "x"),
    ("Identified", "scalars(identified: $x)", "x"),
    ("Deep", "scalars(deep: $x)", [1]),
    ("Box", "scalars(box: $x)", {"plain": "x", "strange": ["x"], "genre": "NOVEK"}),
    ("BookWhere", "books(where: $x) { id }", {"createdAt": {"gt": "soon"}}),
    ("BookWhere", "books(where: $x) { id }", {"price": {"in": [None, "x"]}}),
    ("BookWhere", "books(where: $x) { id }", {"id": {"eq": float("inf")}}),
    ("Int", "books(limit: $x) { id }", 10**40),
    ("Int", "books(limit: $x) { id }", -1),
    ("Int", "books(offset: $x) { id }", -1),
]


def messages(answer: dict[str, Any]) -> list[str]:
    return [error["message"] + error["extensions"].get("hint", "") for error in answer["errors"]]


@pytest.mark.parametrize("query", LITERALS, ids=lambda query: query[:40])
def test_what_python_says_of_literals_stays_inside(bench: Served, query: str) -> None:
    for message in messages(bench.ask(query)):
        assert not PYTHON.search(message), message


@pytest.mark.parametrize(("kind", "selection", "value"), VARIABLES)
def test_what_python_says_of_variables_stays_inside(
    bench: Served, kind: str, selection: str, value: Any
) -> None:
    head = "$x: Int!" if selection.startswith("author") else f"$x: {kind}"
    head += "!" if "[$x]" in selection else ""
    for message in messages(bench.ask(f"query ({head}) {{ {selection} }}", {"x": value})):
        assert not PYTHON.search(message), message


def test_words_of_the_application_do_reach_clients(bench: Served) -> None:
    query = "query ($x: Worded) { scalars(worded: $x) }"
    (message,) = messages(bench.ask(query, {"x": "7"}))
    assert "has invalid value: '7' is no code of ours." in message
    assert "'8' is no code of ours." in messages(bench.ask('{ scalars(worded: "8") }'))[0]


NAMES = [
    ("{ autor(id: 1) { id } }", None),
    ("{ books { titl } }", None),
    ("{ books(wher: {}) { id } }", None),
    ("{ books(genre: NOVEK) { id } }", None),
    ("{ books(where: { titl: {} }) { id } }", None),
    ("{ books(orderBy: [{ titl: ASC }]) { id } }", None),
    ("{ books { ... on Boo { id } } }", None),
    ("query ($x: BookWher) { books(where: $x) { id } }", None),
    ("query ($x: Genre) { books(genre: $x) { id } }", "NOVEK"),
    ("query ($x: Genre) { books(genre: $x) { id } }", 7),
    ("query ($x: [Genre!]) { books(where: { genre: { in: $x } }) { id } }", ["NOVEK"]),
    ("query ($x: BookWhere) { books(where: $x) { id } }", {"titl": {"eq": "x"}}),
    ("query ($x: BookWhere) { books(where: $x) { id } }", {"title": {"equals": "x"}}),
    ("query ($x: [BookOrderBy!]) { books(orderBy: $x) { id } }", [{"titl": "ASC"}]),
    ("query ($x: [BookOrderBy!]) { books(orderBy: $x) { id } }", [{"title": "AS"}]),
    ("query ($x: Box) { scalars(box: $x) }", {"genr": "NOVEL"}),
    ("query ($x: Box) { scalars(box: $x) }", {"genre": "NOVEK"}),
    ("query ($x: String!) { ordered(by: $x) { id } }", "withdrawn_a"),
    ("query ($x: String!) { compared(operator: $x) { id } }", "eqq"),
]


@pytest.mark.parametrize(("query", "value"), NAMES)
def test_a_closed_introspection_suggests_nothing(bench: Served, query: str, value: Any) -> None:
    variables = {} if value is None else {"x": value}
    shown = " ".join(messages(bench.ask(query, variables)))
    if not bench.service.settings.introspection:
        assert "Did you mean" not in shown
        sent = query + str(value)
        names = ("NOVEL", "POETRY", "withdrawn_at", "'title'", "starts_with", "ASC")
        assert not [name for name in names if name in shown and name not in sent]
