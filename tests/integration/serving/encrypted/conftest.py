"""Fixtures: certificates, and a server that encrypts connections."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fraiseql.database.embedded.binaries import system_directory
from tests.integration.flights import at_once, run_sql
from tests.integration.http.application import TABLES
from tests.integration.serving.encrypted.certificates import authority, signed
from tests.integration.serving.encrypted.tls_server import PASSWORD, TlsServer, tls_server

ROLES = (
    f"CREATE ROLE app SUPERUSER LOGIN PASSWORD '{PASSWORD}'",
    "CREATE ROLE certified SUPERUSER LOGIN",
    "CREATE ROLE encrypted SUPERUSER LOGIN",
)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of certificates."""
    directory = tmp_path_factory.mktemp("certificates")
    right = authority(directory, "right")
    authority(directory, "wrong")
    signed(directory, right, "localhost", "sha384")
    signed(directory, right, "old", old=True)
    signed(directory, right, "certified")
    return directory


@pytest.fixture(scope="session")
def tls(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """A server of the system that encrypts connections: the embedded one has no library for it."""
    binaries = system_directory()
    if binaries is None:
        pytest.skip("the system has no PostgreSQL server")
    directory = tmp_path_factory.mktemp("tls")
    with tls_server(
        binaries, directory, certificates / "localhost.crt", certificates / "right.crt"
    ) as server:
        at_once(run_sql(server.local, TABLES, *ROLES))
        yield server
