"""Lifetime: the server is shared, and runs exactly while it has clients."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from fraiseql.database.embedded import start_embedded
from tests.integration.embedded.conftest import alive, close_and_wait, record, run_sql, wait_until


def test_first_start_makes_a_database_that_asyncpg_and_psql_can_use(tmp_path: Path) -> None:
    server = start_embedded(tmp_path / "new" / "below")
    assert server.version.startswith("18.")
    assert run_sql(server.url, "SELECT version()").startswith("PostgreSQL 18.")
    assert run_sql(server.url, "SHOW fsync") == "on"
    where = server.dsn
    psql = [str(server.binaries / "psql"), "-X", "-A", "-t", "-c", "SELECT 6 * 7"]
    assert subprocess.check_output([*psql, server.url], text=True).strip() == "42"
    place = ["-h", where.host, "-p", str(where.port), "-U", where.user, where.database]
    assert subprocess.check_output([*psql, *place], text=True).strip() == "42"
    close_and_wait(server, tmp_path / "new" / "below")


def test_settings_suit_development(cluster_dir: Path) -> None:
    with start_embedded(cluster_dir) as server:

        def setting(name: str) -> str:
            return run_sql(server.url, f"SELECT current_setting('{name}')")

        assert setting("listen_addresses") == ""
        assert setting("server_encoding") == "UTF8"
        assert setting("TimeZone") == "UTC"
        assert setting("max_connections") == "50"
        assert run_sql(server.url, "SELECT upper('é') || ('B' < 'a')::text") == "Étrue"


def test_only_the_owner_can_reach_the_socket(cluster_dir: Path) -> None:
    with start_embedded(cluster_dir) as server:
        assert Path(server.dsn.host).stat().st_mode & 0o777 == 0o700


def test_one_process_may_ask_again(cluster_dir: Path) -> None:
    first = start_embedded(cluster_dir)
    second = start_embedded(str(cluster_dir))
    assert first.url == second.url
    first.close()
    first.close()
    assert run_sql(second.url, "SELECT 1") == 1
    close_and_wait(second, cluster_dir)


def test_a_later_start_and_a_join_are_quick(cluster_dir: Path) -> None:
    starts, joins = [], []
    # The best of three, and a ratio: machines differ, and do other work at the same time.
    for _ in range(3):
        begin = time.perf_counter()
        server = start_embedded(cluster_dir)
        starts.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        start_embedded(cluster_dir).close()
        joins.append(time.perf_counter() - begin)
        close_and_wait(server, cluster_dir)
    assert min(starts) < 5.0
    assert min(joins) < min(starts)


def test_the_server_survives_all_clients_but_the_last(cluster_dir: Path, client) -> None:
    first, second = client(cluster_dir), client(cluster_dir)
    assert first.url == second.url
    pids = record(cluster_dir)
    first.kill()
    with pytest.raises(AssertionError):
        wait_until(lambda: not alive(pids["server"]), 0.5)
    assert run_sql(second.url, "SELECT 1") == 1
    second.kill()
    wait_until(lambda: not alive(pids["server"]) and not alive(pids["supervisor"]))
    assert not list(cluster_dir.glob("*/server.json"))
    assert not list(cluster_dir.glob("*/data/postmaster.pid"))


def test_a_client_that_ends_by_itself_needs_not_close(cluster_dir: Path, client) -> None:
    only = client(cluster_dir)
    assert only.url
    pids = record(cluster_dir)
    only.end()
    wait_until(lambda: not alive(pids["server"]))


def test_a_forked_child_keeps_its_parents_claim(cluster_dir: Path) -> None:
    server = start_embedded(cluster_dir)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    pids = record(cluster_dir)
    server.close()
    with pytest.raises(AssertionError):
        wait_until(lambda: not alive(pids["server"]), 0.5)
    os.close(writing)
    os.waitpid(child, 0)
    os.close(reading)
    wait_until(lambda: not alive(pids["server"]))


def test_four_processes_start_for_the_first_time_at_once(tmp_path: Path, client) -> None:
    clients = [client(tmp_path / "shared") for _ in range(4)]
    assert len({item.url for item in clients}) == 1
    log = (tmp_path / "shared" / "postgresql-18" / "log").read_text()
    assert log.count("creating configuration files") == 1
    assert log.count("database system is ready to accept connections") == 1
    assert run_sql(clients[0].url, "SELECT 1") == 1


def test_clients_that_come_while_the_server_stops_get_a_new_one(cluster_dir: Path, client) -> None:
    for _ in range(2):
        last = client(cluster_dir)
        assert last.url
        old = record(cluster_dir)["server"]
        last.process.kill()
        arriving = [client(cluster_dir) for _ in range(2)]
        for item in arriving:
            assert run_sql(item.url, "SELECT 1") == 1
        assert record(cluster_dir)["server"] != old
        for item in arriving:
            item.process.kill()


def test_the_server_gets_no_files_or_signals_of_its_client(cluster_dir: Path, client) -> None:
    only = client(cluster_dir)
    assert only.url
    pids = record(cluster_dir)
    assert os.getsid(pids["supervisor"]) != os.getsid(only.process.pid)
    assert locks_of(pids["supervisor"]) == {"claims.lock", "supervisor.lock", "server.lock"}
    assert locks_of(pids["server"]) == {"server.lock"}


def locks_of(pid: int) -> set[str]:
    """Names of the lock files that a process has open."""
    names = {path.readlink().name for path in Path(f"/proc/{pid}/fd").iterdir()}
    return {name for name in names if name.endswith(".lock")}
