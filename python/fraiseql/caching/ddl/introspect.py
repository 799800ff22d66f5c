"""Present definitions of objects, as PostgreSQL writes them."""

from collections.abc import Iterable, Mapping
from typing import Final

from fraiseql.caching.ddl.ledger import Key
from fraiseql.caching.dependencies.recorded import compared_fingerprints
from fraiseql.database.writing import AdminConnection
from fraiseql.sql_files import load_sql

# The connection has only PostgreSQL's own schema on its search path, so that every name in the
# definitions is qualified, and the text is the same for every role.
_SQL: Final = load_sql(__name__)


async def introspect(database: AdminConnection, keys: Iterable[Key]) -> Mapping[Key, str]:
    """Return the definition of each object that exists; changes of data have none.

    A trigger is named ``name ON table``, a column ``schema.table.column``.
    """
    ordered = sorted(set(keys))
    rows = await database.fetch(
        _SQL["definitions"].text, [kind for kind, _ in ordered], [name for _, name in ordered]
    )
    present = {(row["kind"], row["name"]): row["seen"] for row in rows if row["seen"] is not None}
    recorded = [name for kind, name in ordered if kind == "fingerprint"]
    compared = await compared_fingerprints(database, recorded)
    return present | {("fingerprint", name): said for name, said in compared.items()}
