"""Sizes such as ``16GB`` on the command line."""

import re
from argparse import ArgumentTypeError
from typing import Final

_SIZE: Final = re.compile(r"(\d+)\s*([KMGTkmgt])[Bb]")


def size_argument(text: str) -> int:
    """Return the bytes of a size on the command line."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a size such as 512MB or 16GB")
    return int(match[1]) << 10 * ("KMGT".index(match[2].upper()) + 1)
