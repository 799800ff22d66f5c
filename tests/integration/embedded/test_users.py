"""Users: both ways for root, ordinary users, and unchanged modes of directories."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fraiseql.database.embedded import start_embedded
from fraiseql.database.embedded.binaries import find_binaries
from fraiseql.database.embedded.isolation import NOBODY
from fraiseql.errors import EmbeddedServerError
from tests.integration.embedded.conftest import alive, record, run_sql, wait_until

REFUSING = Path(__file__).with_name("refusing_program.py")

pytestmark = pytest.mark.usefixtures("only_root")

# The interpreter may stand where only root can enter: then this one capability is left.
NOBODY_PREFIX = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
REACHING = [*NOBODY_PREFIX, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


def ordinary() -> list[str]:
    # Through a shell: setpriv itself still has root's capabilities when it executes a program.
    trial = [*NOBODY_PREFIX, "sh", "-c", 'exec "$0" -c ""', sys.executable]
    reached = subprocess.run(trial, capture_output=True, check=False)
    return NOBODY_PREFIX if reached.returncode == 0 else REACHING


def uid_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def effective_capabilities(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    raise AssertionError


@pytest.mark.parametrize(
    ("way", "uid", "capabilities"), [("namespace", 0, 0), ("setuid", NOBODY, 2)]
)
def test_root_makes_and_runs_a_server(
    tmp_path: Path, client, way: str, uid: int, capabilities: int
) -> None:
    # Below a directory that only root may enter, as a home directory is.
    data_dir = tmp_path / "private" / ".fraiseql"
    data_dir.parent.mkdir(mode=0o700)
    first = client(data_dir, FRAISEQL_EMBEDDED_ISOLATION=way)
    statements = "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)", "SELECT n FROM kept"
    assert run_sql(first.url, *statements) == 7
    server = record(data_dir)["server"]
    assert uid_of(server) == uid
    assert effective_capabilities(server) == capabilities
    assert (data_dir / "postgresql-18" / "data").stat().st_uid == uid
    assert (data_dir / "postgresql-18" / "data" / "base").stat().st_uid == uid
    assert data_dir.parent.stat().st_mode & 0o777 == 0o700
    first.kill()
    wait_until(lambda: not alive(server), 3.0)


def test_root_falls_back_where_namespaces_are_refused(cluster_dir: Path, client) -> None:
    process = client(cluster_dir, prefix=[sys.executable, str(REFUSING), "65535"])
    assert run_sql(process.url, "SELECT 1") == 1
    assert uid_of(record(cluster_dir)["server"]) == NOBODY


def test_root_without_another_user_is_refused(cluster_dir: Path, client) -> None:
    answer = client(cluster_dir, prefix=[sys.executable, str(REFUSING), "1"]).answer
    assert answer["code"] == "EMBEDDED_START"
    assert "run as an ordinary user" in answer["error"]


def test_one_directory_serves_both_ways_in_turn(cluster_dir: Path, client) -> None:
    for way, uid in [("setuid", NOBODY), ("namespace", 0), ("setuid", NOBODY), ("", 0)]:
        process = client(cluster_dir, FRAISEQL_EMBEDDED_ISOLATION=way)
        assert run_sql(process.url, "SELECT 1") == 1
        assert uid_of(record(cluster_dir)["server"]) == uid
        process.kill()


def test_setuid_server_ends_with_its_killed_supervisor(cluster_dir: Path, client) -> None:
    process = client(cluster_dir, FRAISEQL_EMBEDDED_ISOLATION="setuid")
    assert process.url
    pids = record(cluster_dir)
    os.kill(pids["supervisor"], 9)
    wait_until(lambda: not alive(pids["server"]), 3.0)
    assert run_sql(client(cluster_dir, FRAISEQL_EMBEDDED_ISOLATION="setuid").url, "SELECT 1") == 1


def test_an_ordinary_user_runs_it_straight(unwritable_path: Path, client) -> None:
    data_dir = unwritable_path / ".fraiseql"
    process = client(data_dir, prefix=ordinary())
    assert process.answer["uid"] == NOBODY
    assert run_sql(process.url, "SELECT 1") == 1
    pids = record(data_dir)
    assert uid_of(pids["server"]) == uid_of(pids["supervisor"]) == NOBODY
    other = client(data_dir, prefix=ordinary())
    assert other.url == process.url
    process.kill()
    other.kill()
    wait_until(lambda: not alive(pids["server"]), 3.0)


def test_data_of_another_user_are_refused(cluster_dir: Path, client) -> None:
    for path in (cluster_dir, *cluster_dir.rglob("*")):
        if path.is_dir():
            path.chmod(0o777)
    answer = client(cluster_dir, prefix=ordinary()).answer
    assert answer["code"] == "EMBEDDED_DIRECTORY"
    assert f"belongs to the user with uid 0, and this is uid {NOBODY}" in answer["error"]


def test_a_directory_without_write_permission_is_refused(unwritable_path: Path) -> None:
    closed = unwritable_path / "closed"
    closed.mkdir(mode=0o755)
    find_binaries()
    reading, writing = os.pipe()
    # A fork, not a program: the interpreter itself may be where only root can enter.
    child = os.fork()
    if child == 0:
        os.setresuid(NOBODY, NOBODY, NOBODY)
        try:
            start_embedded(closed / ".fraiseql")
        except EmbeddedServerError as error:
            os.write(writing, f"{error.code}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    output = os.read(reading, 65536).decode()
    os.close(reading)
    assert output.startswith("EMBEDDED_DIRECTORY: ")
    assert "Permission denied" in output


@pytest.fixture
def unwritable_path():
    """A directory that the ordinary user may enter but not write."""
    path = Path(f"/var/tmp/fraiseql-test-{os.getpid()}")
    path.mkdir(mode=0o755)
    os.chown(path, NOBODY, NOBODY)
    yield path
    shutil.rmtree(path)
