"""Statements that are prepared on a pipeline."""

from typing import Final

from fraiseql.bounded import Bounded
from fraiseql.database import messages
from fraiseql.database.identity import Identity
from fraiseql.database.pipelined_read import StatementKey

_MOST: Final = 500
_MOST_IDENTITIES: Final = 1_000


class PipelineStatements:
    """Names of prepared statements, and the messages that prepare them when they are first sent.

    Args:
        prepared_bytes: Maximum bytes of SQL that stay prepared.
    """

    def __init__(self, prepared_bytes: int) -> None:
        self._bytes_left = prepared_bytes
        self._count = 0
        self._names: dict[StatementKey, bytes] = {}
        self._identities: Bounded[Identity, tuple[bytes, bytes]] = Bounded(_MOST_IDENTITIES)
        self._unsent: dict[bytes, bytes] = {}

    @property
    def full(self) -> bool:
        """Whether no more statements may be prepared."""
        return self._bytes_left <= 0 or self._count >= _MOST

    def name(self, key: StatementKey) -> bytes:
        """Return the name of a statement."""
        return self._names.get(key) or self._add(key)

    def identity(self, identity: Identity) -> tuple[bytes, bytes]:
        """Return the name of the statement that sets an identity, and the messages that run it.

        Both are empty for no identity.
        """
        if identity is Identity.NONE:
            return b"", b""
        setting = self._identities.get(identity)
        if setting is None:
            name = self.name((None, messages.identity_sql(identity)))
            setting = self._identities.put(identity, (name, messages.set_identity(name, identity)))
        return setting

    def parse(self, name: bytes) -> bytes:
        """Return the message that prepares a statement; empty if it was returned before."""
        return self._unsent.pop(name, b"") if self._unsent else b""

    def forget(self, key: StatementKey) -> None:
        """Prepare a statement again, under another name, at its next use."""
        self._names.pop(key, None)

    def _add(self, key: StatementKey) -> bytes:
        self._count += 1
        self._bytes_left -= len(key[1])
        name = self._names[key] = b"r%d" % self._count
        self._unsent[name] = messages.parse(name, key[1])
        return name
