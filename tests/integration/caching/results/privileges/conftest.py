"""Fixtures: a database whose tables have row security, and views with owners of their own."""

from collections.abc import Iterator

import pytest

from tests.integration.caching.results.privileges.setup import GROUPS, OWNERS, ROLES, TABLES
from tests.integration.flights import at_once, run_sql


@pytest.fixture
def login(database: str) -> Iterator[str]:
    """Address as the role that an application connects as."""
    names = ", ".join(ROLES)
    statements = [f"CREATE ROLE {role} LOGIN" for role in ROLES]
    schema = [
        "DROP SCHEMA IF EXISTS fraiseql CASCADE",
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {names}",
    ]
    name = database.rpartition("/")[2].partition("?")[0]
    grants = [
        f"GRANT CREATE ON DATABASE {name} TO fql_app",
        "GRANT fql_request TO fql_app",
        *(f"GRANT {group} TO fql_app" for group in GROUPS),
        *(f"GRANT fql_auditors TO {owner}" for owner in OWNERS),
    ]
    at_once(run_sql(database, *statements, *schema, *grants, TABLES))
    yield database.replace("postgres@", "fql_app@")
    at_once(run_sql(database, *(f"DROP OWNED BY {role} CASCADE" for role in ROLES)))
    at_once(run_sql(database, f"DROP ROLE {names}"))
