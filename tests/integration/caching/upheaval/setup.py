"""Roles, tables and declarations of a round."""

import asyncpg

from fraiseql.caching.results.admin.privileges import grant
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.schema import Schema
from fraiseql.settings import Settings
from tests.cache_environment import apply_schema
from tests.integration.caching.upheaval.tables import LOGIN, REQUEST, ROLES, TABLES


async def set_up(admin: asyncpg.Connection, url: str, schema: Schema) -> None:
    """Create everything again."""
    await cleared(admin)
    await admin.execute("CREATE SCHEMA IF NOT EXISTS public")
    await admin.execute(";".join(f"CREATE ROLE {role} LOGIN" for role in ROLES))
    names = ", ".join(ROLES)
    await admin.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {names}")
    await admin.execute(f"GRANT {REQUEST} TO {LOGIN}")
    await admin.execute(TABLES)
    await declared(url, schema)
    await admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")


async def declared(url: str, schema: Schema) -> None:
    """Apply the declarations, and grant the login role its privileges."""
    await apply_schema(url, schema)
    pool = await open_pool(url, Settings())
    try:
        async with open_admin(pool) as writer:
            await grant(writer, LOGIN)
    finally:
        await pool.close()


async def cleared(admin: asyncpg.Connection) -> None:
    """Drop the objects of a round: roles outlive databases."""
    name = await admin.fetchval("SELECT current_database()")
    await admin.execute(f'ALTER DATABASE "{name}" RESET ALL')
    # An older server alters only settings that the session has loaded.
    await admin.execute("SET app.f = ''")
    await admin.execute("ALTER SYSTEM RESET app.f")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.execute("DROP SCHEMA IF EXISTS fraiseql, public CASCADE; CREATE SCHEMA public")
    rows = await admin.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", list(ROLES))
    names = ", ".join(row["rolname"] for row in rows)
    if names:
        await admin.execute(f"DROP OWNED BY {names} CASCADE; DROP ROLE {names}")
