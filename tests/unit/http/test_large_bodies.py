"""Large responses go out in pieces, and are the same text as a small one would be."""

import json

import orjson
import pytest

from fraiseql.events import Timings
from fraiseql.http.negotiate import JSON
from fraiseql.http.reply import graphql_reply, send_reply
from fraiseql.native import LargeText, Shape
from fraiseql.serving.response.body import PIECE, Extract, LargeBody
from fraiseql.serving.response.errors import finished
from fraiseql.serving.response.response import Response

SHAPE = Shape(
    orjson.dumps(
        {
            "root": 0,
            "nodes": [
                {
                    "kind": "object",
                    "type": "Query",
                    "fields": [
                        {"id": 0, "key": "a", "source": {"stream": 0}, "node": 1, "nullable": True}
                    ],
                },
                {"kind": "leaf", "form": "any", "type": "JSON"},
            ],
        }
    )
)


def rendered(size: int) -> bytes | LargeText:
    """The rendered text of one string of ``size`` characters."""
    return SHAPE.render([[b'"' + b"x" * size + b'"']])[0]


@pytest.mark.parametrize("size", [0, 1_000, PIECE * 4, PIECE * 4 + 1, PIECE * 7 - 13])
@pytest.mark.parametrize("errors", [[], [{"message": "one"}]])
async def test_pieces_make_the_whole_text(size: int, errors: list[dict[str, str]]) -> None:
    body = finished(rendered(size), errors)
    reply = graphql_reply(Response(body), JSON, Timings())
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await send_reply(send, reply)
    whole = b"".join(message["body"] for message in sent[1:])
    content = {"data": {"a": "x" * size}, **({"errors": errors} if errors else {})}
    assert json.loads(whole) == content
    assert (b"content-length", str(len(whole)).encode()) in sent[0]["headers"]
    assert not sent[-1].get("more_body", False)
    assert max(len(message["body"]) for message in sent[1:]) <= max(PIECE, 2**20)


def test_only_large_texts_stay_in_rust() -> None:
    assert isinstance(rendered(2**20 - 100), bytes)
    large = rendered(2**20)
    assert isinstance(large, LargeText)
    assert bytes(LargeBody([Extract(large, 0, len(large))])) == large.piece(0, len(large))
    assert large.piece(len(large) - 1, 10**12) == b"}"
    assert large.piece(10**12, 10**13) == b""
