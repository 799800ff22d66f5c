"""Scratch copies: complete, sampled, refused, and removed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fraiseql.database import Pool, open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.advise import relations
from fraiseql.operating.advise.dump import libpq_address
from fraiseql.operating.advise.scratch import ScratchLimits, embedded_scratch
from fraiseql.settings import Settings
from tests.integration.operating.scratch import Scratch, Scratches
from tests.integration.operating.traced import Traced

TABLES = """
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (2);
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (2) TO (4);
INSERT INTO other VALUES (1);
INSERT INTO part SELECT generate_series(0, 3);
CREATE FUNCTION begun(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT substr(t, 1, 1)';
CREATE FUNCTION initial(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE
  AS 'BEGIN RETURN begun(t); END';
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, mood mood DEFAULT 'ok',
  other int DEFAULT 1 REFERENCES other,
  initial text GENERATED ALWAYS AS (initial(name)) STORED CHECK (begun(initial(name)) <> ''));
CREATE TABLE post (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  author int NOT NULL REFERENCES author, body text NOT NULL,
  part int DEFAULT 1 REFERENCES part, parent int DEFAULT 1 REFERENCES post);
INSERT INTO author (id, name) SELECT g, 'author ' || g FROM generate_series(1, 4000) AS g;
INSERT INTO post (author, body) SELECT 1 + g % 4000, repeat('x', 100)
  FROM generate_series(1, 12000) AS g;
CREATE INDEX post_author ON post (author);
CREATE VIEW posts AS SELECT * FROM post;
CREATE MATERIALIZED VIEW counts AS SELECT author, count(*) AS n FROM post GROUP BY author;
CREATE MATERIALIZED VIEW ratio AS SELECT 1 / count(*) AS n FROM other;
CREATE MATERIALIZED VIEW ratios AS SELECT count(*) FROM ratio;
ANALYZE;
CREATE ROLE scratch_reader LOGIN;
CREATE POLICY own ON author TO scratch_reader USING (id = 1);
GRANT SELECT ON author TO scratch_reader;
ALTER TABLE author ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
CREATE TRIGGER refused BEFORE INSERT ON post FOR EACH ROW EXECUTE FUNCTION refused();
CREATE RULE nothing AS ON INSERT TO author DO INSTEAD NOTHING;
ALTER DATABASE copied SET search_path = public, pg_catalog;
"""
KILLED = """
import asyncio, sys
from fraiseql.operating.advise.scratch import ScratchLimits, embedded_scratch
from fraiseql.settings import Settings
async def main():
    settings = Settings().with_values(data_dir=sys.argv[2])
    async with embedded_scratch(sys.argv[1], settings, ["public.post"], ScratchLimits()):
        print("copied", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
PATIENCE = 20.0
LACKS = "not in the copy, which lacks tables or rows"
OTHER, VIEWS = "foreign key author_other_fkey", "rows of public.ratio, rows of public.ratios"


@pytest.fixture(scope="module")
def source(server_kind: str, scratches: Scratches) -> Iterator[Traced]:
    """A database with two large tables, one of which refers to the other."""
    scratch: Scratch = scratches(server_kind)
    scratch.run("CREATE DATABASE copied")
    traced = Traced(scratch.url.replace("/doctor?", "/copied?"))
    traced.execute(TABLES)
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE copied WITH (FORCE)", "DROP ROLE scratch_reader")


def copy(
    source: Traced, folder: Path, names: list[str], queries: list[str], **limits: float
) -> list[Any]:
    """Copy relations, and return the first column of queries in the copy."""
    return noted_copy(source, folder, names, queries, **limits)[0]


def noted_copy(
    source: Traced, folder: Path, names: list[str], queries: list[str], **limits: float
) -> tuple[list[Any], tuple[str, ...]]:
    """Copy relations, and return the first column of queries in the copy, and its notes."""

    async def copied() -> tuple[list[Any], tuple[str, ...]]:
        settings = Settings().with_values(data_dir=str(folder))
        relations_, bounds = [f"public.{name}" for name in names], ScratchLimits(**limits)
        async with embedded_scratch(source.url, settings, relations_, bounds) as scratch:
            pool: Pool = await open_pool(scratch.url, settings)
            try:
                return [(await pool.inspect(query))[0][0] for query in queries], scratch.notes
            finally:
                await pool.close()

    return source.run(copied())


def test_a_copy_has_rows_indexes_views_and_nothing_remains(source: Traced, tmp_path: Path) -> None:
    queries = [
        "SELECT count(*) FROM public.post",
        "SELECT count(*) FROM public.author WHERE initial = 'a' AND mood = 'ok'",
        "SELECT count(*) FROM public.counts WHERE n = 3",
        "SELECT count(*) FROM public.other",
        "SELECT count(*) FROM pg_index WHERE indrelid = 'public.post'::regclass AND indisvalid",
        "SELECT count(*) FROM pg_constraint WHERE conname = 'post_author_fkey'",
        "SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'post'",
        "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0",
        "SELECT relispopulated FROM pg_class WHERE relname = 'ratio'",
        "SELECT reset_val FROM pg_settings WHERE name = 'search_path'",
    ]
    # Not the rows of `other`, which no operation reads.
    expected = [12_000, 4_000, 4_000, 0, 2, 1, 12_000, 2, False, "public, pg_catalog"]
    values, notes = noted_copy(source, tmp_path, ["posts", "author", "counts"], queries)
    assert values == expected
    # Rows that they need are not copied.
    assert notes == (f"{LACKS}: {OTHER}, foreign key post_part_fkey, {VIEWS}",)
    assert not list(tmp_path.iterdir())


def test_children_in_a_sample_have_their_parents(
    source: Traced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relations, "_WHOLE", 0)
    queries = [
        "SELECT count(*) FROM public.author",
        "SELECT count(*) FROM public.post",
        "SELECT count(*) FROM public.post WHERE author NOT IN (SELECT id FROM public.author)",
    ]
    names = ["author", "post", "part"]
    (authors, posts, orphans), notes = noted_copy(source, tmp_path, names, queries, percent=20)
    assert 0 < authors < 4_000
    assert posts == 3 * authors
    assert orphans == 0
    lacking = f"{OTHER}, foreign key post_parent_fkey, foreign key post_part_fkey, {VIEWS}"
    assert notes == (f"{LACKS}: {lacking}",)


def test_a_copy_over_the_budget_is_refused_with_its_figure(source: Traced, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        copy(source, tmp_path, ["post"], [], seconds=5.05)
    assert refused.value.code == "ADVISE_NO_SCRATCH"
    assert "MB takes about 5 s, longer than the 5.05 s of --budget" in refused.value.message
    assert "--budget 1min" in refused.value.hint
    assert "--sample" in refused.value.hint
    assert not list(tmp_path.iterdir())


def test_a_role_without_rights_is_refused(source: Traced, tmp_path: Path) -> None:
    reader = Traced(source.url.replace("postgres@", "scratch_reader@"))
    for name, words in [("post", "read public.post"), ("author", "all rows of public.author")]:
        with pytest.raises(ConfigurationError) as refused:
            copy(reader, tmp_path, [name], [])
        assert refused.value.code == "ADVISE_NO_SCRATCH"
        assert words in refused.value.message
    reader.runner.close()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_refused_before_and_while_copying(source: Traced, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        with pytest.raises(ConfigurationError) as refused:
            copy(source, small, ["post"], [])
        assert refused.value.code == "ADVISE_NO_SCRATCH"
        assert "free" in refused.value.message
        with pytest.MonkeyPatch.context() as patch:
            # As if another had filled the disk after the check.
            patch.setattr("fraiseql.operating.advise.scratch._check_disk", lambda *_: None)
            with pytest.raises(ConfigurationError) as failed:
                copy(source, small, ["post"], [])
        assert failed.value.code == "ADVISE_NO_SCRATCH"
        assert "No space left on device" in failed.value.message
        assert not list(small.iterdir())
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_nothing_remains_of_a_killed_command(source: Traced, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, source.url, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"copied\n"
        (directory,) = tmp_path.iterdir()
        assert list(directory.glob("postgresql-*/data/postmaster.pid"))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + PATIENCE
    while list(tmp_path.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_password_is_in_the_environment_of_pg_dump_only() -> None:
    plain, environment = libpq_address("postgresql://me:s%40crt@db:5433/app?sslmode=require")
    assert plain == "postgresql://me@db:5433/app?sslmode=require"
    assert environment["PGPASSWORD"] == "s@crt"
    plain, environment = libpq_address("postgresql:///app?host=%2Frun&user=me&password=x")
    assert "password" not in plain
    assert environment["PGPASSWORD"] == "x"


def test_pg_dump_connects_as_the_driver_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGHOSTADDR", "10.0.0.1")
    address = "postgresql://me@db/app?options=-c%20work_mem%3D8MB&search_path=app"
    plain, environment = libpq_address(address)
    # libpq reads + as it is, and refuses names that the driver sends as settings.
    assert plain == "postgresql://me@db/app?options=-c%20work_mem%3D8MB"
    assert environment["PGSSLMODE"] == "verify-full"
    assert "PGHOSTADDR" not in environment
    with pytest.raises(ConfigurationError, match="sslpassword"):
        libpq_address("postgresql://me@db/app?sslpassword=x")
