"""Rights: what is kept is for the role that keeps it, and for those that it grants it to."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from fraiseql.caching.results.sql.objects import EPOCH, ring, segments
from tests.integration.caching.results.stores.store_fixture import StoreFixture, a_key, entry

STRANGER = "fql_stranger"


@pytest.fixture
async def stranger(tables: StoreFixture) -> AsyncIterator[asyncpg.Connection]:
    """A session of a role to which nobody has granted anything."""
    await tables.db.execute(f"DROP ROLE IF EXISTS {STRANGER}; CREATE ROLE {STRANGER} LOGIN")
    connection = await asyncpg.connect(tables.url.replace("postgres@", f"{STRANGER}@"))
    yield connection
    await connection.close()
    await tables.db.execute(f"DROP OWNED BY {STRANGER}; DROP ROLE {STRANGER}")


async def test_others_read_and_write_nothing(
    tables: StoreFixture, stranger: asyncpg.Connection
) -> None:
    _, key = await tables.filled(b'"secret"')
    kind = tables.kind
    names = (*segments(kind), ring(kind), EPOCH)  # type: ignore[arg-type]
    refused = [f"TABLE {name}" for name in names]
    refused += [f"DELETE FROM {name}" for name in names]
    refused += [f"TRUNCATE {name}" for name in names]
    refused += [
        f"SELECT fraiseql.keep_result_{kind}('\\x{key.hex()}', 1000000)",
        f"SELECT fraiseql.result_turn_{kind}()",
        f"SELECT fraiseql.result_room_{kind}(1, 1, true)",
        f"SELECT fraiseql.store_result_{kind}('', '', '{{}}', '3:3:', 1, 1, 1, '', '', 1000000)",
        "SELECT fraiseql.invalidate('prices')",
        "SELECT fraiseql.new_result_epoch()",
    ]
    for statement in refused:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stranger.execute(statement)


async def test_names_of_the_caller_mean_nothing(tables: StoreFixture) -> None:
    """Functions that run as their owner find nothing on the path of who calls them."""
    await tables.db.execute(
        """CREATE FUNCTION public.octet_length(bytea) RETURNS int LANGUAGE plpgsql
          AS 'BEGIN RAISE EXCEPTION ''called''; END';
        CREATE FUNCTION public.pg_total_relation_size(regclass) RETURNS bigint LANGUAGE plpgsql
          AS 'BEGIN RAISE EXCEPTION ''called''; END'"""
    )
    lookup, key = await tables.lookup(), a_key()
    lookup_result = await tables.store.find(lookup, key)
    stored_entry = entry(lookup, key, lookup_result, b"1")
    call = f"SELECT fraiseql.store_result_{tables.kind}($1, $2, $3, $4::text::pg_snapshot, $5,"
    await tables.db.execute("SET search_path = public, pg_catalog")
    stored = await tables.db.fetchval(
        f"{call} NULL, 1, $6, $7, 16000000)",
        stored_entry.key,
        stored_entry.query,
        stored_entry.tags,
        stored_entry.snapshot,
        stored_entry.fingerprint,
        stored_entry.body,
        stored_entry.etag,
    )
    assert stored == "stored"
    await tables.db.execute("RESET search_path")
    await tables.hits(lookup, key)


async def test_an_invalidation_where_nothing_can_be_written_says_so(tables: StoreFixture) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError, match="may write"):
        await tables.db.execute("BEGIN READ ONLY; SELECT fraiseql.invalidate('prices')")
    await tables.db.execute("ROLLBACK")


async def test_a_role_with_the_privileges_stores_results(
    tables: StoreFixture, stranger: asyncpg.Connection
) -> None:
    """The rights that the documentation tells to grant are enough, and each is needed."""
    lookup, key = await tables.lookup(), a_key()
    lookup_result = await tables.store.find(lookup, key)
    stored_entry = entry(lookup, key, lookup_result, b"1")
    kind = tables.kind
    call = f"SELECT fraiseql.store_result_{kind}($1, 'q', $2, $3::text::pg_snapshot, 1, NULL, 1,"
    arguments = (stored_entry.key, stored_entry.tags, stored_entry.snapshot)
    statement = f"{call} '1', '1', 16000000)"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stranger.fetchval(statement, *arguments)
    await tables.db.execute(
        f"GRANT EXECUTE ON FUNCTION fraiseql.store_result_{kind} TO {STRANGER};"
        f" GRANT SELECT ON {', '.join(segments(kind))} TO {STRANGER}"  # type: ignore[arg-type]
    )
    assert await stranger.fetchval(statement, *arguments) == "stored"
    assert await stranger.fetchval(f"SELECT count(*) FROM {segments(kind)[0]}") == 1  # type: ignore[arg-type]
