"""Messages of clients in a server's log."""

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
        """Return the messages since then in order, such as ``execute SELECT 1``."""
        with self._path.open("rb") as file:
            file.seek(self._seen)
            text = file.read()
        self._seen += len(text)
        return [f"{kind or 'statement'} {sql}" for kind, sql in _LINE.findall(text.decode())]
