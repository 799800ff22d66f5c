"""Hostile documents and variables, with the expected error codes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Expected = str | None
"""The code of the error; None where the request is answered."""


@dataclass(frozen=True)
class Hostile:
    """One request.

    Attributes:
        name: The large part.
        query: The document.
        variables: Its variables.
        codes: Codes that may answer it; None among them: it may be answered.
    """

    name: str
    query: str
    codes: tuple[str | None, ...]
    variables: dict[str, Any] = field(default_factory=dict)


def many(text: str, number: int) -> str:
    """The text so many times; ``#`` in it is the number of each."""
    return " ".join(text.replace("#", str(place)) for place in range(number))


def nested(number: int, before: str, inner: str, after: str) -> str:
    return before * number + inner + after * number


def deep(number: int, *keys: str, inner: Any = None) -> Any:
    """An object so many levels deep, by these keys in turn."""
    built = {} if inner is None else inner
    for place in range(number):
        key = keys[place % len(keys)]
        built = {key: [built] if key in ("and", "or") else built}
    return built


def in_lists(number: int) -> Any:
    nested: Any = 1
    for _ in range(number):
        nested = [nested]
    return nested


LARGE, DEEP, COMPLEX = "DOCUMENT_TOO_LARGE", "DOCUMENT_TOO_DEEP", "TOO_COMPLEX"
INVALID, SYNTAX, INPUT = "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"

FIELDS = "id title pages price genre"
_SPREADS = many("...F#", 150)


def _repeats() -> Iterator[Hostile]:
    for number in (300, 2_000, 20_000):
        yield Hostile(
            f"key {number}", f"{{ lucky {{ {'__typename ' * number} }} }}", (LARGE, COMPLEX)
        )
    for number in (150, 800):
        query = f"{{ {many('books(limit: 1) { id title }', number)} }}"
        yield Hostile(f"arguments {number}", query, (LARGE,))
        query = f"{{ books {{ {many('... { id title }', number)} }} }}"
        yield Hostile(f"inline fragments {number}", query, (LARGE,))
    bodies = many(f"fragment F# on Book {{ {FIELDS} }}", 150)
    yield Hostile("pairs of fragments", f"{{ books {{ {_SPREADS} }} }} {bodies}", (LARGE,))
    bodies = many("fragment F# on Book { a#: id }", 150)
    codes = (LARGE, "TOO_MANY_ALIASES")
    yield Hostile("other fragments", f"{{ books {{ {_SPREADS} }} }} {bodies}", codes)
    inner = "author { books { author { books { id id id } books { title } } } }"
    yield Hostile("deep keys", f"{{ {many(f'books {{ {inner} }}', 60)} }}", (LARGE,))


def _fragments() -> Iterator[Hostile]:
    bodies = many("fragment F# on Book { author { books { id ...G# } } }", 40)
    bodies += many("fragment G# on Book { author { books { title ...F0 ...F1 } } }", 40)
    query = f"{{ books {{ {many('...F#', 40)} }} }} {bodies}"
    yield Hostile("circles of fragments", query, (INVALID, LARGE, COMPLEX))
    bodies = " ".join(
        f"fragment F{n} on Book {{ author {{ books {{ ...F{n + 1} }} }} reviews {{ book "
        f"{{ ...F{n + 1} }} }} }}"
        for n in range(30)
    )
    query = f"{{ books {{ ...F0 }} }} {bodies} fragment F30 on Book {{ id }}"
    yield Hostile("doubling fragments", query, (COMPLEX, DEEP))
    bodies = " ".join(f"fragment F{n} on Book {{ ...F{n + 1} ...F{n + 2} }}" for n in range(90))
    query = f"{{ books {{ ...F0 }} }} {bodies} fragment F90 on Book {{ id }} "
    query += "fragment F91 on Book { id }"
    yield Hostile("chain of fragments", query, (None, LARGE, DEEP))
    bodies = "".join(f"fragment F{n} on Book {{ ...F{n + 1} }}" for n in range(400))
    query = f"{{ books {{ ...F0 }} }} {bodies} fragment F400 on Book {{ id }}"
    yield Hostile("long chain", query, (DEEP, LARGE, INVALID, COMPLEX))


def _lists() -> Iterator[Hostile]:
    yield Hostile(
        "unused fragments",
        "{ __typename } " + many("fragment F# on Book { id }", 400),
        (INVALID, LARGE),
    )
    yield Hostile("unknown fields", f"{{ books {{ {many('x#', 1_500)} }} }}", (INVALID, LARGE))
    yield Hostile(
        "variables", f"query ({many('$a#: Int', 600)}) {{ __typename }}", (INVALID, LARGE)
    )
    yield Hostile(
        "operations", many("query Q# { __typename }", 600), (LARGE, "OPERATION_NOT_FOUND")
    )
    yield Hostile("directives", f"{{ __typename {'@include(if: true) ' * 400} }}", (INVALID, LARGE))
    yield Hostile(
        "unknown directives", f"{{ __typename {many('@x#(y: 1)', 350)} }}", (INVALID, LARGE)
    )
    yield Hostile("aliases", f"{{ {many('a#: __typename', 800)} }}", ("TOO_MANY_ALIASES", LARGE))


def _depths() -> Iterator[Hostile]:
    for number in (100, 199, 400, 5_000):
        query = f"{{ books {{ {nested(number, 'author { books { ', 'id', ' } }')} }} }}"
        yield Hostile(f"depth {number}", query, (DEEP, LARGE, SYNTAX))
        query = f"{{ books(where: {nested(number, '{ not: ', '{}', ' }')}) {{ id }} }}"
        yield Hostile(f"not {number}", query, (DEEP, LARGE, SYNTAX))
        query = f"{{ books(where: {nested(number, '{ or: [', '{}', '] }')}) {{ id }} }}"
        yield Hostile(f"or {number}", query, (DEEP, LARGE, SYNTAX))
        query = f"{{ echo(value: {nested(number, '[', '1', ']')}) }}"
        yield Hostile(f"list {number}", query, (None, LARGE, SYNTAX, "BAD_DOCUMENT"))
        query = f"query ($w: BookWhere = {nested(number, '{ not: ', '{}', ' }')}) "
        query += "{ books(where: $w) { id } }"
        yield Hostile(f"default {number}", query, (DEEP, LARGE, SYNTAX))
        query = f"query ($x: {nested(number, '[', 'Int', ']')}) {{ __typename }}"
        yield Hostile(f"type {number}", query, (INVALID, LARGE, SYNTAX))


def _texts() -> Iterator[Hostile]:
    conditions = many('{ title: { eq: "x#" } }', 260)
    query = f"{{ books(where: {{ or: [{conditions}] }}) {{ id }} }}"
    yield Hostile("conditions", query, (COMPLEX, LARGE))
    query = f"{{ books(orderBy: [{many('{ id: ASC }', 700)}]) {{ id }} }}"
    yield Hostile("order", query, (COMPLEX, LARGE))
    text = "a" * 900_000
    yield Hostile(
        "string", f'{{ books(where: {{ title: {{ eq: "{text}" }} }}) {{ id }} }}', (LARGE,)
    )
    yield Hostile("name", f"{{ {text} }}", (LARGE,))
    yield Hostile("number", f"{{ author(id: {'1' * 90_000}) {{ id }} }}", (INVALID,))
    yield Hostile("comments", "{ __typename } " + "#\n" * 40_000, (LARGE,))
    yield Hostile("comment", "{ __typename } #" + text, (LARGE,))
    for name, part in (("spaces", " "), ("lines", "\n"), ("commas", ","), ("escapes", "\\u0041")):
        blank = part * (90_000 // len(part))
        query = (
            f"{{ __typename {blank} }}"
            if name != "escapes"
            else (f'{{ books(where: {{ title: {{ eq: "{blank}" }} }}) {{ id }} }}')
        )
        yield Hostile(name, query, (None,))


def documents() -> Iterator[Hostile]:
    """Documents; none of them has variables."""
    yield from _repeats()
    yield from _fragments()
    yield from _lists()
    yield from _depths()
    yield from _texts()


WHERE = "query ($w: BookWhere) { books(where: $w) { id } }"
ECHO = "query ($v: JSON) { echo(value: $v) }"
ECHOES = "query ($v: [JSON!]) { echoes(values: $v) }"
_EQ = {"title": {"eq": "x"}}


def variables() -> Iterator[Hostile]:
    """Variables of small documents, and such that become many inside of literals."""
    for number in (16, 60, 90, 120):
        yield Hostile(f"$ not {number}", WHERE, (DEEP, COMPLEX), {"w": deep(number, "not")})
        yield Hostile(
            f"$ mixed {number}", WHERE, (DEEP, COMPLEX), {"w": deep(number, "not", "and", "or")}
        )
        for name, query in (("echo", ECHO), ("echoes", ECHOES)):
            value = in_lists(number)
            codes = (None, "BAD_DOCUMENT", COMPLEX, INPUT)
            yield Hostile(f"$ {name} lists {number}", query, codes, {"v": value})
            value = deep(number, "is_null", inner={"is_null": []})
            value = [value] if name == "echoes" else value
            yield Hostile(f"$ {name} objects {number}", query, codes, {"v": value})
        tree = deep(number, "tree", inner={"n": 1})
        yield Hostile(
            f"$ tree {number}", "query ($t: Tree!) { tree(of: $t) }", (None, COMPLEX), {"t": tree}
        )
    for number in (300, 3_000, 20_000):
        yield Hostile(f"$ or {number}", WHERE, (COMPLEX,), {"w": {"or": [_EQ] * number}})
        yield Hostile(f"$ bad or {number}", WHERE, (COMPLEX, INPUT), {"w": {"or": [7] * number}})
        numbers = list(range(number))
        yield Hostile(f"$ in {number}", WHERE, (None, COMPLEX), {"w": {"id": {"in": numbers}}})
        yield Hostile(
            f"$ bad in {number}", WHERE, (INPUT, COMPLEX), {"w": {"id": {"in": [*numbers, "x"]}}}
        )
        fields = {f"field{place}": _EQ for place in numbers}
        yield Hostile(f"$ names {number}", WHERE, (INPUT, COMPLEX), {"w": fields})
        query = "query ($o: [BookOrderBy!]) { books(orderBy: $o) { id } }"
        yield Hostile(f"$ order {number}", query, (COMPLEX, None), {"o": [{"id": "ASC"}] * number})
        yield Hostile(f"$ json {number}", ECHO, (None,), {"v": [{"a": [1, {}]}] * number})
        yield Hostile(f"$ jsons {number}", ECHOES, (None, COMPLEX), {"v": [{"a": [1]}] * number})
        yield Hostile(f"$ unknown {number}", "{ lucky { __typename } }", (None,), fields)
        query = f"query ($v: JSON) {{ echo(value: [{'$v ' * 900}]) }}"
        yield Hostile(f"$ json inside {number}", query, (COMPLEX,), {"v": numbers})
    for number in (20, 150):
        where = {"or": [_EQ] * number}
        query = f"query ($w: BookWhere!) {{ books(where: {{ or: [{'$w ' * 900}] }}) {{ id }} }}"
        yield Hostile(f"$ inside {number}", query, (COMPLEX,), {"w": where})
        query = f"query ($w: BookWhere!) {{ by(where: {{ or: [{'$w ' * 900}] }}) }}"
        yield Hostile(f"$ inside by {number}", query, (COMPLEX,), {"w": where})
    yield Hostile("$ text", WHERE, (None,), {"w": {"title": {"contains": "x" * 900_000}}})
    yield Hostile(
        "$ bad text", "query ($n: Int) { books(limit: $n) { id } }", (INPUT,), {"n": "x" * 900_000}
    )
    yield Hostile(
        "$ bad enum",
        "query ($g: Genre) { books(genre: $g) { id } }",
        (INPUT,),
        {"g": "x" * 900_000},
    )
    yield Hostile("$ bad name", WHERE, (INPUT,), {"w": {"x" * 900_000: 1}})


def texts() -> Iterator[tuple[str, str]]:
    """Bodies whose variables are nested too deeply to be made of Python objects here."""
    for number in (260, 500, 900, 1_020, 10_000, 90_000):
        for key in ("not", "and", "tree"):
            text = nested(number, f'{{"{key}":', "{}", "}")
            yield f"{key} {number}", f'{{"query":"{WHERE}","variables":{{"w":{text}}}}}'
        text = nested(number, '{"tree":', "{}", "}")
        query = "query ($t: Tree!) { tree(of: $t) }"
        yield f"tree {number}", f'{{"query":"{query}","variables":{{"t":{text}}}}}'
        for query in (ECHO, ECHOES, "{ lucky { __typename } }"):
            text = nested(number, "[", "1", "]")
            yield f"{query[:40]} {number}", f'{{"query":"{query}","variables":{{"v":{text}}}}}'
        yield f"body {number}", nested(number, "[", "1", "]")
        yield (
            f"extensions {number}",
            f'{{"query":"{{ lucky {{ __typename }} }}","extensions":{{"a":{text}}}}}',
        )


HOSTILE = [*documents(), *variables()]
