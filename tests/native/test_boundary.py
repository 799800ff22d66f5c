"""The native boundary: accepted and refused types."""

import asyncio
import json
from collections import UserList
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from fraiseql_rs import RenderError, Shape, __version__, check_json, transform_one

from .shapes import leaf, numbers, people, shape


def answer(body: bytes) -> Any:
    return json.loads(body)["data"]["x"]


def facts(error: RenderError) -> tuple[int, str, list[str | int], str | int, str]:
    return error.field_id, error.code, error.path, error.detail, error.type_name


@pytest.mark.parametrize("item", [b"[1, 2]", "[1, 2]", [b"1", "2"], (b"1", "2")])
def test_items(item: Any) -> None:
    assert numbers().render([[item]]) == (b'{"data":{"x":[1,2]}}', None, None)


@pytest.mark.parametrize("row", [(b"1",), ("1", 5, "more"), ["1"], UserList([b"1"])])
def test_records_are_sequences(row: Any) -> None:
    assert numbers().render([[[row, (None,)]]])[0] == b'{"data":{"x":[1,null]}}'


async def test_records_of_the_driver(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        sql = "SELECT convert_to(to_jsonb(n)::text, 'UTF8') FROM generate_series(1, 3) n"
        rows = await connection.fetch(sql)
    finally:
        await connection.close()
    assert answer(numbers().render([[rows]])[0]) == [1, 2, 3]
    assert answer(shape(leaf("Int")).render([[rows[0]]])[0]) == 1


@pytest.mark.parametrize("streams", [((b"[1]",),), [[b"[1]"]], UserList([UserList([b"[1]"])])])
def test_streams_are_sequences(streams: Sequence[Sequence[bytes]]) -> None:
    assert answer(numbers().render(streams)[0]) == [1]


@pytest.mark.parametrize(
    ("streams", "message"),
    [
        (5, "streams must be a sequence, not int"),
        (b"[1]", "streams must be a sequence, not bytes"),
        ([b"[1]"], "a stream must be a sequence, not bytes"),
        ([5], "a stream must be a sequence, not int"),
        ([{1: 2}], "a stream must be a sequence, not dict"),
        ([[True]], "an element must be .*, not bool"),
        ([[[False]]], "an element must be .*, not bool"),
        ([[1.5]], "an element must be .*, not float"),
        ([[object()]], "an element must be .*, not object"),
        ([[[(1,)]]], "a record's document must be bytes, str or None, not int"),
        ([[[bytearray(b"1")]]], "a record's document must be bytes, str or None, not int"),
    ],
)
def test_other_types_are_refused(streams: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        numbers().render(streams)


def test_an_empty_record_is_an_error() -> None:
    with pytest.raises(IndexError):
        numbers().render([[[()]]])


def test_text_that_has_no_utf8_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        shape(leaf("String")).render([['"\ud800"']])


def test_failures() -> None:
    body, errors, missing = numbers().render([[[b"1", -5, 2**62]]])
    assert answer(body) == [1, None, None]
    assert missing is None
    assert errors is not None
    assert facts(errors[0]) == (0, "failure", ["x", 1], -5, "Int")
    assert facts(errors[1]) == (0, "failure", ["x", 2], 2**62, "Int")
    with pytest.raises(ValueError, match="failure number"):
        numbers().render([[2**63]])


def test_errors_show_path_and_detail() -> None:
    body, errors, _ = numbers().render([['[1, "é", {"a": 1}]']])
    assert answer(body) == [1, None, None]
    assert errors is not None
    assert [facts(error)[1:4] for error in errors] == [
        ("leaf", ["x", 1], '"é"'),
        ("leaf", ["x", 2], '{"a": 1}'),
    ]
    expected = (
        "RenderError(field_id=0, code='leaf', path=['x', 1], detail='\"é\"', type_name='Int')"
    )
    assert repr(errors[0]) == expected


def test_missing_streams_are_computed_and_rendered_again() -> None:
    documents = [b'{"name": "Ada"}', b'{"name": "Bob"}']
    body, errors, missing = people(nick=False).render([[documents]])
    assert answer(body) == [{"name": "Ada", "nick": None}, {"name": "Bob", "nick": None}]
    assert (errors, missing) == (None, {1: documents})
    assert people().render([[documents], None])[2] == {1: documents}
    body, errors, missing = people().render([[documents], [b'"a"', b'"b"']])
    assert answer(body) == [{"name": "Ada", "nick": "a"}, {"name": "Bob", "nick": "b"}]
    assert (errors, missing) == (None, None)


def test_a_stream_that_is_too_short() -> None:
    with pytest.raises(ValueError, match="stream 1 has 1 values"):
        people().render([[[b"{}", b"{}"]], [None]])


@pytest.mark.parametrize("description", [b"", b"{}", b'{"root": 0, "nodes": []}', b"\xff"])
def test_bad_descriptions(description: bytes) -> None:
    with pytest.raises(ValueError, match=r"shape|root"):
        Shape(description)


def test_shapes_do_not_change() -> None:
    compiled = numbers()
    with pytest.raises(AttributeError):
        compiled.colour = "red"  # type: ignore[attr-defined]
    _, errors, _ = compiled.render([[True - 1]])
    assert errors is not None
    with pytest.raises(AttributeError):
        errors[0].code = "none"  # type: ignore[misc]
    path = errors[0].path
    path.append("more")
    assert errors[0].path == ["x"]


def test_check_json() -> None:
    for good in (b"1", b' {"a": [true, null]} ', '"é"'.encode(), b"[" * 10_000 + b"]" * 10_000):
        check_json(good)
    for bad, offset in ((b"", 0), (b"[1,]", 3), (b'"\xff"', 1), (b"1 2", 2), (b'{"a":tru}', 5)):
        with pytest.raises(ValueError, match=f"byte offset {offset}$"):
            check_json(bad)
    with pytest.raises(TypeError):
        check_json("1")  # type: ignore[arg-type]


def test_transform_one_asks_the_info() -> None:
    class Info:
        def document(self, row: object, type_name: str, /) -> object:
            return row, type_name

    assert transform_one(b"{}", "User", Info()) == (b"{}", "User")
    assert __version__.count(".") == 2


async def test_render_runs_off_the_event_loop() -> None:
    compiled = numbers()
    bodies = await asyncio.gather(
        *(asyncio.to_thread(compiled.render, [[[str(n)] * 5000]]) for n in range(8))
    )
    assert [answer(body)[-1] for body, _, _ in bodies] == list(range(8))
