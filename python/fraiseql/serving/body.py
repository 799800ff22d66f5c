"""Bodies: a response's text, which is handed out in pieces when it is large."""

from collections.abc import Iterator
from typing import Final

from fraiseql.native import LargeText

PIECE: Final = 256 * 1024
"""Bytes of one piece: what is held beside the text while it is being sent."""


class LargeBody:
    """The text of a large response.

    Args:
        text: The rendered text.
        tail: What stands in the place of the text's last byte, the closing brace.
    """

    __slots__ = ("_tail", "_text")

    def __init__(self, text: LargeText, tail: bytes = b"}") -> None:
        self._text = text
        self._tail = tail

    def __len__(self) -> int:
        return len(self._text) - 1 + len(self._tail)

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """Yield the text in order."""
        end = len(self._text) - 1
        for start in range(0, end, PIECE):
            yield self._text.piece(start, min(start + PIECE, end))
        yield self._tail
