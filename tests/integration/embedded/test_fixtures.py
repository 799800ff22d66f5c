"""Fixtures: the servers of database tests have the expected versions."""

from fraiseql.database.embedded import EmbeddedServer
from fraiseql.database.embedded.binaries import find_binaries, system_directory
from tests.integration.embedded.conftest import run_sql


def test_each_kind_is_the_server_that_it_names(server_kind: str, server: EmbeddedServer) -> None:
    programs = find_binaries(system_directory() if server_kind == "system" else None)
    assert server.version == programs.version
    assert run_sql(server.url, "SHOW server_version").split()[0] == programs.version


def test_a_database_is_fresh_and_of_this_module(database: str, database_url: str) -> None:
    assert database != database_url
    assert run_sql(database, "SELECT current_database()").startswith("fql_")
    assert run_sql(database, "SELECT count(*) FROM pg_class WHERE relnamespace = 2200") == 0
    run_sql(database, "CREATE TABLE here ()", "SELECT 1")


def test_both_kinds_sort_and_fold_letters_alike(database: str) -> None:
    assert run_sql(database, "SELECT upper('\u00e9') || ('B' < 'a')::text") == "\u00c9true"
    assert run_sql(database, "SHOW timezone") == "UTC"
