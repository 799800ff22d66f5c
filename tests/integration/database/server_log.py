"""What a server's log says of its clients, message by message."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from fraiseql.database import Pool

MakePool = Callable[..., Awaitable[Pool]]
_LINE = re.compile(r"LOG: +duration: [\d.]+ ms +(?:(parse|bind|execute) [^:]*|statement): (.*)")


class Log:
    """Reads on from where it last looked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = path.stat().st_size

    def new(self) -> list[str]:
        """Return ``execute SELECT 1`` and the like, in order, of all that was sent meanwhile."""
        with self._path.open("rb") as file:
            file.seek(self._seen)
            text = file.read()
        self._seen += len(text)
        return [f"{kind or 'statement'} {sql}" for kind, sql in _LINE.findall(text.decode())]
