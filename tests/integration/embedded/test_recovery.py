"""Recovery: whatever is killed, the next start has a server with all committed data."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from fraiseql.database.embedded import isolation, start_embedded
from fraiseql.database.embedded.binaries import find_binaries
from tests.integration.embedded.conftest import (
    Client,
    alive,
    close_and_wait,
    record,
    run_sql,
    wait_until,
)


def test_committed_data_survive_a_killed_server(cluster_dir: Path) -> None:
    server = start_embedded(cluster_dir)
    run_sql(server.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)", "SELECT 1")
    psql = [str(server.binaries / "psql"), "-X", server.url]
    with subprocess.Popen(psql, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as open_one:
        assert open_one.stdin is not None
        open_one.stdin.write(b"BEGIN; INSERT INTO kept VALUES (8);\n")
        open_one.stdin.flush()
        uncommitted = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        wait_until(lambda: run_sql(server.url, uncommitted) == 1)
        pids = record(cluster_dir)
        os.kill(pids["server"], signal.SIGKILL)
        wait_until(lambda: not alive(pids["supervisor"]), 3.0)
    again = start_embedded(cluster_dir)
    assert record(cluster_dir)["server"] != pids["server"]
    assert run_sql(again.url, "SELECT array_agg(n) FROM kept") == [7]
    server.close()
    close_and_wait(again, cluster_dir)


def test_a_start_right_after_the_kill_finds_no_dead_server(cluster_dir: Path) -> None:
    servers = [start_embedded(cluster_dir)]
    for _ in range(3):
        os.kill(record(cluster_dir)["server"], signal.SIGKILL)
        servers.append(start_embedded(cluster_dir))
        assert run_sql(servers[-1].url, "SELECT 1") == 1
    for server in servers[:-1]:
        server.close()
    close_and_wait(servers[-1], cluster_dir)


def test_a_server_ends_with_its_killed_supervisor_and_starts_again(cluster_dir: Path) -> None:
    server = start_embedded(cluster_dir)
    run_sql(server.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)", "SELECT 1")
    pids = record(cluster_dir)
    os.kill(pids["supervisor"], signal.SIGKILL)
    again = start_embedded(cluster_dir)
    assert not alive(pids["server"])
    assert record(cluster_dir)["server"] != pids["server"]
    assert run_sql(again.url, "SELECT n FROM kept") == 7
    server.close()
    close_and_wait(again, cluster_dir)


def test_a_supervisor_that_is_asked_to_end_stops_its_server(cluster_dir: Path) -> None:
    with start_embedded(cluster_dir):
        pids = record(cluster_dir)
        os.kill(pids["supervisor"], signal.SIGTERM)
        wait_until(lambda: not alive(pids["server"]) and not alive(pids["supervisor"]))
    assert "database system is shut down" in next(cluster_dir.glob("*/log")).read_text()


def test_initdb_killed_half_way_leaves_nothing_that_fails_later(tmp_path: Path, client) -> None:
    data_dir = tmp_path / "fresh"
    first: Client = client(data_dir)
    unfinished = data_dir / "postgresql-18" / "data.new"
    wait_until((unfinished / "PG_VERSION").exists)
    [initdb] = pids_of("initdb", str(unfinished))
    os.kill(parent_of(initdb), signal.SIGKILL)
    assert first.answer["code"] == "EMBEDDED_START"
    assert not (data_dir / "postgresql-18" / "data").exists()
    assert run_sql(client(data_dir).url, "SELECT 1") == 1
    assert not unfinished.exists()


def test_the_client_killed_during_its_first_start(tmp_path: Path, client) -> None:
    data_dir = tmp_path / "fresh"
    first: Client = client(data_dir)
    wait_until((data_dir / "postgresql-18" / "data.new" / "PG_VERSION").exists)
    first.kill()
    assert run_sql(client(data_dir).url, "SELECT 1") == 1


def test_a_pid_file_whose_number_is_in_use_again(cluster_dir: Path) -> None:
    data = cluster_dir / "postgresql-18" / "data"
    lines = [str(os.getpid()), str(data), "1", "5432", "", "", "", "ready   ", ""]
    (data / "postmaster.pid").write_text("\n".join(lines))
    sockets = cluster_dir / "postgresql-18" / "socket"
    sockets.mkdir(mode=0o700)
    (sockets / ".s.PGSQL.5432.lock").write_text("\n".join(lines))
    server = start_embedded(cluster_dir)
    assert run_sql(server.url, "SELECT 1") == 1
    close_and_wait(server, cluster_dir)


def test_a_server_that_somebody_else_started_there_is_left_alone(cluster_dir: Path, client) -> None:
    data = cluster_dir / "postgresql-18" / "data"
    postgres = str(find_binaries().directory / "postgres")
    command = [postgres, "-D", str(data), "-c", "listen_addresses=", "-k", str(data)]
    wrapper = [sys.executable, isolation.__file__, str(os.getpid()), "[]"]
    with subprocess.Popen([*wrapper, *command], stderr=subprocess.DEVNULL) as foreign:
        wait_until((data / ".s.PGSQL.5432").exists)
        answer = client(cluster_dir).answer
        assert answer["code"] == "EMBEDDED_START"
        assert f"another postgres (pid {foreign.pid})" in answer["error"]
        assert foreign.poll() is None
        foreign.send_signal(signal.SIGINT)
    assert client(cluster_dir).url


def pids_of(name: str, argument: str) -> list[int]:
    """Processes by the name of their program and one of their arguments."""
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if Path(words[0]).name == name and argument in words:
            processes.append(int(process.name))
    return processes


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
