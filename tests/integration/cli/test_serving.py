"""Commands that serve: ports, reload and Ctrl-C."""

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest

from fraiseql.cli.listen import bind
from tests.integration.cli.program import HOST, PATIENCE, fraiseql, running

Port = Callable[[], int]
USERS = "{ users { firstName } }"


@pytest.mark.parametrize(
    "words_of_server", [("--native",), ("--no-native",)], ids=["native", "python"]
)
@pytest.mark.parametrize("workers", [1, 2])
def test_serve_answers_until_it_is_stopped(
    workers: int, words_of_server: tuple[str, ...], project: Path, users: str, free_port: Port
) -> None:
    port = free_port()
    words = ("serve", "api:app", *words_of_server, "--port", str(port), "--workers", str(workers))
    with running(*words, cwd=project, url=users) as server:
        answer = server.answer(port, USERS)
        assert json.loads(answer.body)["data"]["users"] == [
            {"firstName": "Ada"},
            {"firstName": "Alan"},
        ]
        assert f"api:app  http://{HOST}:{port}/graphql" in server.text()
        assert "Database  postgresql://" in server.text()
        assert "Ops page" not in server.text()
        assert server.stop() == 0


def test_serve_refuses_a_port_that_is_taken(project: Path, users: str, free_port: Port) -> None:
    port = free_port()
    with bind(HOST, port):
        done = fraiseql("serve", "api:app", "--port", str(port), cwd=project, url=users)
    assert done.returncode == 2
    assert f"Cannot listen on {HOST}:{port}: the port is taken." in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_ends_when_the_application_cannot_start(
    workers: str, project: Path, users: str, free_port: Port
) -> None:
    api = project / "api.py"
    api.write_text(api.read_text().replace("tb_user", "tb_usr"))
    words = ("serve", "api:app", "--port", str(free_port()), "--workers", workers)
    done = fraiseql(*words, cwd=project, url=users)
    assert done.returncode == 1
    assert "Did you mean 'tb_user'?" in done.stderr


def test_dev_reloads_and_shows_internal_errors(project: Path, users: str, free_port: Port) -> None:
    port = free_port()
    api = project / "api.py"
    with running("dev", "api.py:app", "--port", str(port), cwd=project, url=users) as server:
        server.answer(port, "{ greeting }")
        _wait_for(server.text, "reloader process")
        api.write_text(api.read_text().replace('return "hello"', 'raise ValueError("own words")'))
        deadline = time.monotonic() + PATIENCE
        while b"own words" not in (body := server.answer(port, "{ greeting }").body):
            assert time.monotonic() < deadline, body
            time.sleep(0.1)
        assert server.stop() == 0


def test_dev_names_the_embedded_database(project: Path, free_port: Port) -> None:
    port = free_port()
    api = project / "api.py"
    own = api.read_text().split("app =")[0]
    api.write_text(f"{own}app = fraiseql.create_app(queries=[greeting])\n")
    with running("dev", "api:app", "--port", str(port), cwd=project) as server:
        answer = server.answer(port, "{ greeting }")
        assert json.loads(answer.body) == {"data": {"greeting": "hello"}}
        assert "Database  postgresql://" in server.text()
        assert f"Ops page  http://{HOST}:{port}/fraiseql\n" in server.text()
        assert server.stop() == 0
    assert (project / ".fraiseql").is_dir()


def test_demo_gives_way_when_its_port_is_taken(
    flights: str, tmp_path: Path, free_port: Port
) -> None:
    taken = free_port()
    words = ("demo", "--port", str(taken), "--database-url", flights)
    with bind(HOST, taken), running(*words, cwd=tmp_path) as server:
        _wait_for(server.text, "Ctrl-C")
        shown = server.text()
        assert f"Port {taken} is taken" in shown
        port = int(shown.split(f"http://{HOST}:")[1].split("/")[0])
        assert taken < port < 32_768
        body = server.answer(port, "{ flight(id: 1) { airline { name } } }").body
        assert json.loads(body)["data"]["flight"] == {"airline": {"name": "United Air Lines Inc."}}
        assert b"<html" in _page(port)
        assert shown.count("# ") == 3
        assert "Server    native\n" in server.text()
        assert server.stop() == 0


def test_demo_check_from_nothing(tmp_path: Path) -> None:
    done = fraiseql("demo", "--check", "--json", cwd=tmp_path, patience=600)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["agreed"] == report["total"] >= 15 + 3
    assert report["load_seconds"] > 0
    assert [row["fault"] for row in report["invalidation"]] == [None] * 7
    assert "tb_flight (336,776 rows)" in done.stderr
    assert (tmp_path / ".fraiseql").is_dir()


def test_demo_check_prints_a_table(flights: str, tmp_path: Path) -> None:
    done = fraiseql("demo", "--check", "--database-url", flights, cwd=tmp_path, patience=600)
    assert done.returncode == 0, done.stderr
    tables = [part.splitlines() for part in done.stdout.strip().split("\n\n")]
    gains, tour, written, sums = tables
    for head, table in (("faster", gains[:-1]), ("again ms", tour), ("Cache-Status", written)):
        assert table[0].endswith(f"{head}   same")
        assert all(line.endswith("yes") for line in table[1:])
    from_memory = ['; hit; detail="memory"' in line for line in written[1:]]
    assert [from_memory[place] for place in (2, 5)] == [True, True]
    assert "fwd=stale" in written[4]
    assert "; hit" in written[5]
    assert [sum_.split(" ")[:3] for sum_ in sums] == [
        [f"{count}", "of", f"{count}"] for count in (len(tour) - 1, len(gains) - 2, 7)
    ]
    assert "materialized view" in done.stdout


def _page(port: int) -> bytes:
    connection = HTTPConnection(HOST, port, timeout=10)
    connection.request("GET", "/graphql", headers={"Accept": "text/html"})
    body = connection.getresponse().read()
    connection.close()
    return body


def _wait_for(text: Callable[[], str], part: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while part not in text():
        assert time.monotonic() < deadline, text()
        time.sleep(0.05)
