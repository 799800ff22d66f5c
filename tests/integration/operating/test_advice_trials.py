"""Candidates that SQL statements make, measured in a scratch copy."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.replay import PairLimits, is_slower
from fraiseql.operating.advise.scratch import Scratch as Copy
from fraiseql.operating.advise.scratch import ScratchLimits, embedded_scratch
from fraiseql.operating.advise.trials import Trial, changing_session, try_statements
from fraiseql.operating.advise.writes import write_times
from fraiseql.operating.trace.samples import ReplayedStatement, arguments_sql
from fraiseql.operating.trace.synthetic import synthetic_samples
from fraiseql.settings import Settings
from tests.integration.operating.scratch import Scratch, Scratches
from tests.integration.operating.traced import Traced

TABLES = """
CREATE TABLE measure (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author int NOT NULL,
  at timestamptz NOT NULL, state text NOT NULL, doc jsonb NOT NULL);
INSERT INTO measure (author, at, state, doc)
  SELECT g % 200, timestamptz '2026-01-01' + g * interval '1 minute',
    CASE WHEN g % 50 = 0 THEN 'open' ELSE 'done' END, jsonb_build_object('tag', 't' || g % 500)
  FROM generate_series(1, 20000) AS g;
CREATE INDEX measure_at ON measure (at);
VACUUM ANALYZE measure;
CREATE SCHEMA "a.b";
CREATE TABLE "a.b"."M.x" (id int, "At" int);
INSERT INTO "a.b"."M.x" SELECT g, g * 7919 % 20000 FROM generate_series(1, 20000) AS g;
CREATE INDEX "M.At" ON "a.b"."M.x" ("At");
VACUUM ANALYZE "a.b"."M.x";
"""
SELECT = 'SELECT t0."id", t0."doc" FROM "public"."measure" AS t0 WHERE '
LAST = ' ORDER BY t0."id" DESC LIMIT 20'
AUTHOR = 't0."author" OPERATOR(pg_catalog.=) $1::int'
LATE = (
    'SELECT count(*) FROM "public"."measure" AS t0'
    ' WHERE t0."at" OPERATOR(pg_catalog.=) $1::timestamptz'
)
STATEMENTS = {
    "author": (f"{SELECT}{AUTHOR}{LAST}", ("integer",)),
    "open": (f"""{SELECT}t0."state" = 'open' AND {AUTHOR}{LAST}""", ("integer",)),
    "late": (LATE, ("timestamp with time zone",)),
    "dotted": ('SELECT count(*) FROM "a.b"."M.x" WHERE id = 7', ()),
    "capital": ('SELECT count(*) FROM "a.b"."M.x" WHERE "At" = 7', ()),
    "tag": (f"""{SELECT}(t0."doc" ->> 'tag') = 't7' ORDER BY 1""", ()),
    "contains": (f"""{SELECT}t0."doc" @> '{{"tag": "t7"}}' ORDER BY 1""", ()),
}
PAIRS = PairLimits(least=8, most=8, seconds=600.0)
INDEXES = {
    "index": ("author", "CREATE INDEX CONCURRENTLY m1 ON public.measure (author, id DESC)"),
    "partial index": ("open", "CREATE INDEX m1 ON public.measure (author) WHERE state = 'open'"),
    "expression index": ("tag", "CREATE INDEX m1 ON public.measure ((doc ->> 'tag'))"),
    "gin index": ("contains", "CREATE INDEX m1 ON public.measure USING gin (doc jsonb_path_ops)"),
}


@pytest.fixture(scope="module")
def source(server_kind: str, scratches: Scratches) -> Iterator[Traced]:
    scratch: Scratch = scratches(server_kind)
    scratch.run("CREATE DATABASE tried")
    traced = Traced(scratch.url.replace("/doctor?", "/tried?"))
    for statement in TABLES.strip().split(";\n"):
        traced.execute(statement)
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE tried WITH (FORCE)")


@pytest.fixture(scope="module")
def copy(source: Traced, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """One copy for all candidates: nothing remains of any of them."""
    settings = Settings().with_values(data_dir=str(tmp_path_factory.mktemp("tried")))
    making = embedded_scratch(source.url, settings, ["public.measure", "a.b.M.x"], ScratchLimits())
    yield source.run(making.__aenter__())
    source.run(making.__aexit__(None, None, None))


def statement(source: Traced, name: str) -> ReplayedStatement:
    sql, types = STATEMENTS[name]
    drawn = source.work(lambda pool: synthetic_samples(pool, sql, types))
    assert not isinstance(drawn, str), drawn
    texts = tuple(arguments_sql(values, len(types)) or "" for values in drawn)
    return ReplayedStatement(
        name, name, sql, texts if types else ("",), synthetic=True, types=types
    )


def tried(source: Traced, copy: Copy, candidate: Candidate, *names: str) -> Trial:
    statements = [statement(source, name) for name in names]
    return source.run(try_statements(copy, candidate, statements, PAIRS))


def changed(*ddl: str, kind: str = "index", target: str = "Measure") -> Candidate:
    return Candidate(kind, target, "public.measure", "indexes", "Index(…)", ddl)  # type: ignore[arg-type]


def fewer_blocks(trial: Trial, name: str) -> bool:
    """Return whether a statement reads less than half of the blocks with the change."""
    before, after = trial.gains[name].blocks
    return before > 2 * after


def refused_by_times(trial: Trial) -> bool:
    """Return whether a statement was slower, which other work on the machine may cause."""
    return any(is_slower(gain) for gain in trial.gains.values())


@pytest.mark.parametrize("kind", INDEXES)
def test_an_index_of_each_kind_is_measured_with_its_cost(
    source: Traced, copy: Copy, kind: str
) -> None:
    name, ddl = INDEXES[kind]
    trial = tried(source, copy, changed(ddl, kind=kind), name, "late")
    gain = trial.gains[name]
    assert gain.low <= gain.gain <= gain.high
    assert gain.equal
    assert gain.pairs == PAIRS.least
    # Times depend on what else the machine does, blocks do not.
    assert gain.processor is not None
    assert gain.blocks[0] > 2 * gain.blocks[1] > 0
    assert refused_by_times(trial) or trial.refusal == ""
    assert trial.size > 0
    assert trial.build_seconds > 0
    assert trial.before_us is not None
    assert trial.after_us is not None


async def costs_around_writes(copy: Copy) -> tuple[float, float]:
    """Return the cost of a search in a GIN index before and after writes are measured."""
    table = '"public"."measure"'
    search = f'EXPLAIN (FORMAT JSON) SELECT id FROM {table} WHERE doc @> \'{{"tag": "t7"}}\''
    async with changing_session(copy) as session:
        await session.execute(f"CREATE INDEX pending ON {table} USING gin (doc jsonb_path_ops)")
        index = await session.fetchval("SELECT 'public.pending'::regclass::oid::bigint")
        costs = []
        for writes in (False, True):
            if writes:
                assert await write_times(session, table, [index]) is not None
            plan = json.loads(await session.fetchval(search))[0]["Plan"]
            assert "pending" in json.dumps(plan)
            costs.append(float(plan["Total Cost"]))
        await session.execute("ROLLBACK")
    return costs[0], costs[1]


def test_measured_writes_leave_no_pending_entries_in_a_gin_index(
    source: Traced, copy: Copy
) -> None:
    before, after = source.run(costs_around_writes(copy))
    assert after < 1.5 * before


def test_a_dropped_index_that_is_used_makes_a_statement_slower(source: Traced, copy: Copy) -> None:
    trial = tried(source, copy, changed(kind="drop index", target="public.measure_at"), "late")
    before, after = trial.gains["late"].blocks
    assert after > 10 * before
    assert "late takes" in trial.refusal
    assert trial.size < 0


def test_names_with_dots_and_capitals_are_those_of_tables_and_indexes(
    source: Traced, copy: Copy
) -> None:
    table = changed('CREATE INDEX ON "a.b"."M.x" (id)')
    table = replace(table, table="a.b.M.x", schema="a.b")
    trial = tried(source, copy, table, "dotted")
    assert refused_by_times(trial) or trial.refusal == ""
    assert fewer_blocks(trial, "dotted")
    dropped = replace(table, kind="drop index", ddl=(), target="a.b.M.At")
    trial = tried(source, copy, dropped, "capital")
    before, after = trial.gains["capital"].blocks
    assert after > 10 * before
    assert trial.size < 0


def test_a_candidate_with_other_answers_is_wrong(source: Traced, copy: Copy) -> None:
    candidate = changed("UPDATE public.measure SET doc = doc || '{\"x\": 1}'")
    trial = tried(source, copy, candidate, "author")
    assert not trial.gains["author"].equal
    assert trial.refusal == "wrong: author has another answer with it"


def test_a_candidate_that_cannot_be_made_is_refused_with_the_reason(
    source: Traced, copy: Copy
) -> None:
    trial = tried(source, copy, changed("CREATE INDEX ON public.measure (missing)"), "author")
    assert 'column "missing" does not exist' in trial.refusal


def test_nothing_remains_of_the_candidates(source: Traced, copy: Copy) -> None:
    tried(source, copy, changed(INDEXES["index"][1]), "author")
    inside = Traced(copy.url)
    (row,) = inside.fetch("SELECT count(*) AS n, sum(hashtext(doc::text)) AS sum FROM measure")
    assert tuple(row) == tuple(
        source.fetch("SELECT count(*), sum(hashtext(doc::text)) FROM measure")[0]
    )
    indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'measure' ORDER BY 1"
    assert inside.fetch(indexes) == source.fetch(indexes)
    inside.runner.close()


@pytest.mark.parametrize("form", ["transaction", "url"])
def test_a_transaction_of_a_database_is_rolled_back(source: Traced, form: str) -> None:
    catalog = "SELECT * FROM pg_class WHERE relname LIKE 'm%' OR relnamespace = 2200 ORDER BY oid"
    before = source.fetch(catalog)
    trial = tried(source, Copy(form, source.url), changed(INDEXES["index"][1]), "author")
    assert fewer_blocks(trial, "author")
    assert trial.before_us is None
    assert "only a copy may be written" in trial.notes[0]
    assert source.fetch(catalog) == before
