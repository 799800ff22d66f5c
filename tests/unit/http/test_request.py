"""Request: bodies and query strings become one GraphQL request, or a refusal that says why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraiseql.http.asgi import Message
from fraiseql.http.errors import HttpError
from fraiseql.http.request import ClientGone, from_body, from_query_string, read_body
from fraiseql.serving.document.request import Request
from fraiseql.values import ExactFloat


class Client:
    """Sends a body in chunks."""

    def __init__(self, *chunks: bytes, leaves: bool = False) -> None:
        self.messages: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": leaves or left > 0}
            for left, chunk in zip(range(len(chunks) - 1, -1, -1), chunks, strict=True)
        ]
        self.asked = 0

    async def receive(self) -> Message:
        self.asked += 1
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}


def test_a_whole_request_is_read() -> None:
    body = b'{"query":"{a}","operationName":"A","variables":{"x":[1,null]},"extensions":{}}'
    assert from_body(body) == Request("{a}", "A", {"x": [1, None]}, read_only=False)


def test_nulls_and_an_empty_name_are_as_if_absent() -> None:
    body = b'{"query":"{a}","operationName":null,"variables":null,"extensions":null,"id":7}'
    assert from_body(body) == Request("{a}")
    assert from_body(b'{"query":"{a}","operationName":""}') == Request("{a}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"query":"{a}"} x', "not JSON"),
        (b'{"query":"\xff"}', "not JSON"),
        (b'{"query":"\\ud800"}', "not JSON"),
        (b'{"query":"{a}","variables":{"x":NaN}}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"null", "must be a JSON object, not null"),
        (b"7", "must be a JSON object, not a number"),
        (b'[{"query":"{a}"}]', "Batches are not supported"),
        (b"{}", "'query' is missing"),
        (b'{"query":null}', "'query' is missing"),
        (b'{"query":{}}', "'query' must be a string, not an object"),
        (b'{"query":1.5}', "'query' must be a string, not a number"),
        (b'{"query":"{a}","variables":"x"}', "'variables' must be an object, not a string"),
        (b'{"query":"{a}","variables":[]}', "'variables' must be an object, not an array"),
        (b'{"query":"{a}","variables":false}', "'variables' must be an object, not a boolean"),
        (b'{"query":"{a}","operationName":0}', "'operationName' must be a string, not a number"),
        (b'{"query":"{a}","extensions":[]}', "'extensions' must be an object, not an array"),
    ],
)
def test_a_malformed_body_is_refused_with_its_reason(body: bytes, message: str) -> None:
    with pytest.raises(HttpError) as caught:
        from_body(body)
    assert caught.value.status == 400
    assert message in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        *("1e400", "-1.5E+0400", "1e-400", "9007199254740993.0", "0.12345678901234567891"),
        *("2e308", "1e-99999999999999999999", "12345678901234567890.10", "1.0000000000000001e-300"),
    ],
)
def test_a_number_keeps_its_digits(text: str) -> None:
    body = f'{{"query":"{{a}}","variables":{{"x":[{text},"e123"],"y":{{"z": {text}}}}}}}'
    variables = from_body(body.encode()).variables
    assert variables is not None
    for number in (variables["x"][0], variables["y"]["z"]):
        assert isinstance(number, ExactFloat)
        assert number.text == repr(number) == text


@pytest.mark.parametrize("bad", ["NaN", '"\\ud800"', "1e400,", "01e400", "[" * 5000])
def test_a_large_number_lets_no_bad_json_in(bad: str) -> None:
    with pytest.raises(HttpError, match="not JSON"):
        from_body(f'{{"query":"{{a}}","variables":{{"x":[1e400,{bad}]}}}}'.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        status = 200 if isinstance(from_body(body).query, str) else 500
    except HttpError as error:
        status = error.status
    assert status in {200, 400}


def test_a_query_string_is_read() -> None:
    text = b"query=%7Ba%7D&operationName=A&variables=%7B%22x%22%3A%22%F0%9F%8F%83+%22%7D&other=1"
    assert from_query_string(text, 1000) == Request("{a}", "A", {"x": "🏃 "}, read_only=True)
    empty = b"query=%7Ba%7D&operationName=&variables=&extensions="
    assert from_query_string(empty, 1000) == Request("{a}", None, None, read_only=True)


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        (b"", 400, "'query' is missing"),
        (b"query=a&query=b", 400, "appears more than once"),
        (b"query=%7Ba%7D&variables=x", 400, "'variables' is not JSON"),
        (b"query=%7Ba%7D&variables=%5B%5D", 400, "'variables' must be an object"),
        (b"query=%7Ba%7D&extensions=7", 400, "'extensions' must be an object"),
        (b"query=%FF", 400, "not URL-encoded UTF-8"),
        (b"query=\xff", 400, "not URL-encoded UTF-8"),
        (b"&".join([b"a=1"] * 101), 400, "not URL-encoded UTF-8"),
        (b"query=" + b"a" * 1000, 414, "larger than 1000 bytes"),
    ],
)
def test_a_malformed_query_string_is_refused(text: bytes, status: int, message: str) -> None:
    with pytest.raises(HttpError) as caught:
        from_query_string(text, 1000)
    assert caught.value.status == status
    assert message in caught.value.message


async def test_a_body_arrives_in_chunks() -> None:
    client = Client(b"a", b"", b"bc")
    assert await read_body(client.receive, None, 3) == b"abc"


async def test_a_declared_size_over_the_limit_is_refused_unread() -> None:
    client = Client(b"x" * 11)
    with pytest.raises(HttpError) as caught:
        await read_body(client.receive, b"11", 10)
    assert (caught.value.status, client.asked) == (413, 0)


async def test_reading_stops_at_the_limit() -> None:
    client = Client(*[b"x" * 4] * 100)
    with pytest.raises(HttpError) as caught:
        await read_body(client.receive, None, 10)
    assert (caught.value.status, client.asked) == (413, 3)


@pytest.mark.parametrize("declared", [b"-1", b"1e3", b"", b"5, 5"])
async def test_a_content_length_that_is_no_number_is_refused(declared: bytes) -> None:
    with pytest.raises(HttpError) as caught:
        await read_body(Client(b"x").receive, declared, 10)
    assert caught.value.status == 400


async def test_a_client_that_leaves_in_the_middle_is_noticed() -> None:
    with pytest.raises(ClientGone):
        await read_body(Client(b"x", leaves=True).receive, None, 10)
