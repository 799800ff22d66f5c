"""Fixtures: a database whose schema one role owns, and that another one serves."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.integration.caching.results.roles.setup import API, OWNER, ROLE, SQL_ROLE, Setup
from tests.integration.flights import at_once, run_sql


@pytest.fixture(scope="module")
def applied(
    database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setup]:
    """Two roles, of which one has applied and the other may read the view and no more."""
    folder = tmp_path_factory.mktemp("two_roles")
    owner, serving = (database.replace("postgres@", f"{quote(role)}@") for role in (OWNER, ROLE))
    setup = Setup(owner, serving, folder)
    for who, url in (("owner", owner), ("serving", serving)):
        text = API.replace("DATABASE", repr(url)).replace("REDIS", repr(redis_url))
        Path(setup.module(who).removesuffix(":app")).write_text(text)
    name = database.rpartition("/")[2].partition("?")[0]
    at_once(
        run_sql(
            database,
            f"CREATE ROLE {OWNER} LOGIN",
            f"CREATE ROLE {SQL_ROLE} LOGIN",
            f"GRANT CREATE ON DATABASE {name} TO {OWNER}",
            f"GRANT CREATE ON SCHEMA public TO {OWNER}",
        )
    )
    at_once(
        run_sql(
            setup.owner,
            "CREATE TABLE note (id int PRIMARY KEY, text text NOT NULL)",
            "INSERT INTO note VALUES (1, 'one')",
            "CREATE VIEW v_note AS SELECT id, text FROM note",
        )
    )
    at_once(setup.run("db", "apply"))
    yield setup
    drop = f"DROP OWNED BY {OWNER}, {SQL_ROLE} CASCADE"
    at_once(run_sql(database, drop, f"DROP ROLE {OWNER}, {SQL_ROLE}"))


@pytest.fixture
def setup(applied: Setup, database: str) -> Setup:
    """The same, with nothing granted or kept by the tests before."""
    at_once(run_sql(database, f"DROP OWNED BY {SQL_ROLE}"))
    at_once(run_sql(applied.owner, f"GRANT SELECT ON v_note TO {SQL_ROLE}"))
    at_once(applied.run("cache", "purge", "--all"))
    return applied
