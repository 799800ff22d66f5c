"""The secret that authenticates entries outside of the database.

It is a setting, or a row that ``fraiseql db apply`` creates and that serving roles may read.
"""
# ruff: noqa: S608 - names are constants

from hashlib import sha256
from typing import Final

from fraiseql.caching.results.sql.objects import SECRET
from fraiseql.caching.results.stores.transient_errors import StoreUnavailable
from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError

SHORTEST: Final = 32
"""Characters of the shortest setting."""

_LOAD: Final = f"SELECT s.entries FROM {SECRET} s"


def secret_of(setting: str) -> bytes:
    """Return the secret of a setting; empty where it is not set.

    Raises:
        ConfigurationError: It is short enough to be guessed.
    """
    if not setting:
        return b""
    if len(setting) < SHORTEST:
        raise ConfigurationError(
            f"cache_secret has {len(setting)} characters.",
            hint=f"Use {SHORTEST} random ones, such as `openssl rand -hex 32`, or leave it unset.",
        )
    return sha256(setting.encode()).digest()


async def load_secret(pool: Pool) -> bytes:
    """Return the secret of the database.

    Raises:
        StoreUnavailable: The database has none.
        DatabaseError: Its table does not exist, or may not be read.
    """
    rows = await pool.inspect(_LOAD)
    if not rows:
        raise StoreUnavailable("secret_missing")
    return bytes(rows[0][0])
