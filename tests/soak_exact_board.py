"""Memory shared by processes: what writers have been told is committed."""

import mmap
from pathlib import Path

WORD = 8
_VERSION, _BEGUN, _CHANGES, _EPOCH, _FIRST = range(5)


class Board:
    """Numbers that one process writes and others read, each in a word of a mapped file.

    A number is written after its commit was acknowledged: a request that begins later must see it.

    Args:
        path: The file; made with zeros if it does not exist.
        keys: Number of counters, whose ids begin with 1.
    """

    def __init__(self, path: Path, keys: int) -> None:
        size = (_FIRST + keys) * WORD
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._words = memoryview(mmap.mmap(file.fileno(), size)).cast("q")
        self.keys = keys

    @property
    def version(self) -> int:
        """Version of the view."""
        return self._words[_VERSION]

    @property
    def begun(self) -> int:
        """Changes of the privilege that may be committed."""
        return self._words[_BEGUN]

    @property
    def changes(self) -> int:
        """Changes of the privilege."""
        return self._words[_CHANGES]

    @property
    def epoch(self) -> int:
        """Servers that were lost, times two; odd while one is being replaced."""
        return self._words[_EPOCH]

    def count(self, key: int) -> int:
        """Return the count of a key."""
        return self._words[_FIRST + key - 1]

    def counts(self) -> list[int]:
        """Return the counts of all keys."""
        return self._words[_FIRST:].tolist()

    def write(self, key: int, count: int) -> None:
        """Record the count of a key; an older one, whose answer came late, changes nothing."""
        self._raise_to(_FIRST + key - 1, count)

    def redefine(self, version: int) -> None:
        """Record a version of the view."""
        self._raise_to(_VERSION, version)

    def begin_change(self, changes: int) -> None:
        """Record that a change of the privilege is about to be committed."""
        self._raise_to(_BEGUN, changes)

    def end_change(self, changes: int) -> None:
        """Record a change of the privilege."""
        self._raise_to(_CHANGES, changes)

    def restart(self, version: int, changes: int) -> None:
        """Record what another server has, which may be less."""
        self._words[_VERSION] = version
        self._words[_BEGUN] = self._words[_CHANGES] = changes

    def next_epoch(self) -> None:
        """Begin or end the replacement of a server."""
        self._words[_EPOCH] += 1

    def _raise_to(self, place: int, value: int) -> None:
        self._words[place] = max(self._words[place], value)
