"""Documents do not depend on the writer's settings; each setting has a mutant."""

import re

import asyncpg
import pytest

from tests.integration.caching.projection.installation import (
    Change,
    as_written,
    differences,
    fresh,
    install,
)
from tests.integration.caching.projection.interleavings import BLOG_ROWS
from tests.integration.caching.projection.schemas import BLOG, USER
from tests.integration.caching.projection.small_schemas import PRINTED, PRINTED_ROW

SETTINGS = {
    "timezone": "Asia/Tokyo",
    "datestyle": "German",
    "intervalstyle": "sql_standard",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
}


def unset(setting: str) -> Change:
    """Let the flush render as the writer's session says; the comparison still says its own."""

    def change(statement: str) -> str:
        if "  everything boolean;" not in statement:
            return statement
        changed = re.sub(rf"SET {setting} = \S+", "", statement)
        assert changed != statement
        return changed

    return change


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "not set"])
async def test_documents_are_rendered_alike(
    connection: asyncpg.Connection, setting: str, damaged: bool
) -> None:
    await fresh(connection, PRINTED, unset(setting) if damaged else as_written)
    await connection.execute(f"SET {setting} = '{SETTINGS[setting]}'")
    await connection.execute(PRINTED_ROW)
    assert bool(await differences(connection, PRINTED)) is damaged


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "row security is not off"])
async def test_row_security_fails_a_flush_and_hides_nothing(
    connection: asyncpg.Connection, damaged: bool
) -> None:
    """Rows that policies hide from the owner would be missing in documents that all read."""
    await connection.execute("DROP SCHEMA IF EXISTS app, fraiseql CASCADE")
    await connection.execute("""
        DROP ROLE IF EXISTS fql_keeper; CREATE ROLE fql_keeper;
        DO $$ BEGIN EXECUTE format(
          'GRANT CREATE ON DATABASE %I TO fql_keeper', current_database()); END $$;
        SET ROLE fql_keeper""")
    await connection.execute(BLOG.tables)
    await install(connection, BLOG.specs, unset("row_security") if damaged else as_written)
    await connection.execute(BLOG_ROWS)
    await connection.execute("""
        ALTER TABLE app.posts ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON app.posts
          USING (false); ALTER TABLE app.posts FORCE ROW LEVEL SECURITY; RESET ROLE""")
    rename = "UPDATE app.users SET name = 'new' WHERE id = 1"
    if damaged:
        await connection.execute(rename)
        query = f"SELECT data->>'posts' FROM {USER.table.sql} WHERE id = 1"
        assert await connection.fetchval(query) == "[]"
    else:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(rename)
    await connection.execute("DROP OWNED BY fql_keeper CASCADE; DROP ROLE fql_keeper")
