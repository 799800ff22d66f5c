"""Answers that a server may give again without the application."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fraiseql.http.reply import Reply
from fraiseql.results import CacheStatus
from fraiseql.serving.response.response import Response

_OK: Final = 200

Begun = tuple[int, int]
"""Mark of the begin of a request."""

HeaderList = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as the client sent it.

    Attributes:
        is_get: Whether it is a GET; otherwise it is a POST.
        query: The raw query string.
        headers: The headers.
        body: The body; empty for a GET.
        client: The number of the identity of its client; 0 if all clients are alike.
    """

    is_get: bool
    query: bytes
    headers: HeaderList
    body: bytes
    client: int = 0


class RepeatedAnswers(Protocol):
    """Answers that a server gives again while nothing that they rely on has changed."""

    def begin(self) -> Begun | None:
        """Return the mark of a request that begins now; None where it will not be given again.

        Every statement of the request is sent later.
        """

    def offer(
        self,
        begun: Begun | None,
        sent: SentRequest,
        headers: HeaderList,
        body: bytes,
        status: CacheStatus,
    ) -> None:
        """Offer a response with status 200 that consists of exact values in memory.

        Args:
            begun: Result of ``begin`` for this request.
            sent: The request.
            headers: Headers of the response.
            body: Its body.
            status: How caches answered the request.
        """


def offer(
    answers: RepeatedAnswers,
    begun: Begun | None,
    sent: SentRequest,
    response: Response,
    reply: Reply,
) -> None:
    """Offer a response if it may be given again."""
    status = response.cached
    if (
        status is not None
        and status.remembered
        and not status.unchanged
        and reply.status == _OK
        and not response.withheld
        and isinstance(reply.body, bytes)
    ):
        answers.offer(begun, sent, reply.headers, reply.body, status)
