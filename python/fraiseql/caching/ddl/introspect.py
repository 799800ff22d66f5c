"""Present: what PostgreSQL itself says of an object, as text that changes when the object does."""

from collections.abc import Iterable, Mapping
from typing import Final

from fraiseql.caching.ddl.ledger import Key
from fraiseql.caching.dependencies.recorded import compared_fingerprints
from fraiseql.database.writing import AdminConnection
from fraiseql.sql_files import load_sql

# Definitions are written out by a connection that has only PostgreSQL's own on its search path: so
# every name in them is qualified, and the text is the same for every role.
_SQL: Final = load_sql(__name__)


async def introspect(database: AdminConnection, keys: Iterable[Key]) -> Mapping[Key, str]:
    """Return what PostgreSQL says of each object that is there; changes of data never are.

    A trigger is named ``name ON table``, a column ``schema.table.column``.
    """
    asked = sorted(set(keys))
    rows = await database.fetch(
        _SQL["definitions"].text, [kind for kind, _ in asked], [name for _, name in asked]
    )
    found = {(row["kind"], row["name"]): row["seen"] for row in rows if row["seen"] is not None}
    recorded = [name for kind, name in asked if kind == "fingerprint"]
    compared = await compared_fingerprints(database, recorded)
    return found | {("fingerprint", name): said for name, said in compared.items()}
