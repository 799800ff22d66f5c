"""Body of a response, in pieces when it is large."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.native import LargeText

PIECE: Final = 256 * 1024
"""Bytes of one piece: the memory in addition to the text while it is sent."""


@dataclass(frozen=True, slots=True)
class Extract:
    """The bytes of a large rendered text from ``start`` up to ``end``."""

    text: LargeText
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in order."""
        for start in range(self.start, self.end, PIECE):
            yield self.text.piece(start, min(start + PIECE, self.end))


class LargeBody:
    """The text of a large response.

    Args:
        segments: Its segments, in order.
    """

    __slots__ = ("_segments",)

    def __init__(self, segments: Sequence[bytes | Extract]) -> None:
        self._segments = segments

    def __len__(self) -> int:
        return sum(map(len, self._segments))

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """Yield the text in order."""
        for segment in self._segments:
            if isinstance(segment, Extract):
                yield from segment.pieces()
            else:
                yield segment


def body_of(segments: Sequence[bytes | Extract]) -> bytes | LargeBody:
    """Return the body of ``segments``: one text when none of them is large."""
    if any(isinstance(segment, Extract) for segment in segments):
        return LargeBody(segments)
    return b"".join([segment for segment in segments if isinstance(segment, bytes)])
