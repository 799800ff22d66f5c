"""Advice measured in a scratch copy: kept with its figures, or refused with the reason."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fraiseql.operating.advise.candidate import (
    Advice,
    CacheTraffic,
    Candidate,
    Prediction,
    WriteCost,
)
from fraiseql.operating.advise.evaluate import (
    EvaluateOptions,
    Evaluation,
    TracedLoad,
    evaluate,
)
from fraiseql.operating.advise.replay import PairLimits
from fraiseql.operating.advise.stored_trials import TriedApplication
from fraiseql.settings import Settings
from tests.integration.operating.evaluated import (
    BY_EMAIL,
    BY_ID,
    COUNTED,
    COUNTS,
    LIST,
    TABLES,
    advised_app,
)
from tests.integration.operating.scratch import Scratch, Scratches
from tests.integration.operating.traced import Traced

FEW = PairLimits(least=6, most=6)
WRITER = "public.tb_writer"
NOTE = "public.tb_note"


@pytest.fixture(scope="module")
def application(server_kind: str, scratches: Scratches) -> Iterator[Traced]:
    """The application, with a trace that has values."""
    scratch: Scratch = scratches(server_kind)
    scratch.run("CREATE DATABASE evaluated")
    traced = Traced(scratch.url.replace("/doctor?", "/evaluated?"), advised_app)
    traced.execute(TABLES)
    traced.apply()
    traced.serve(BY_ID, BY_ID, trace="values", variables={"id": 7})
    traced.serve(BY_EMAIL, trace="values", variables={"email": "5@x.org"})
    traced.serve(LIST, trace="values", variables={"limit": 50})
    traced.serve(COUNTS, trace="values")
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE evaluated WITH (FORCE)")


def advice_of(application: Traced, root: str, candidate: Candidate, writes: float = 0.0) -> Advice:
    """Return advice for the statements of a root field, as the prediction would."""
    operations = {
        operation.id: [each.id for each in operation.statements if each.root == root]
        for operation in application.trace().values()
    }
    statements = tuple(each for own in operations.values() for each in own)
    assert statements, root
    helped = tuple(own for own, ids in operations.items() if ids)
    made = replace(candidate, operations=helped, statements=statements)
    predictions = {each: Prediction(2.0, 1.0, 2.0, 1.0, 4.0) for each in statements}
    return Advice(made, predictions, WriteCost(writes, 1.0))


def evaluated(
    application: Traced, tmp_path: Any, *advice: Advice, calls: float = 10.0
) -> Evaluation:
    schema = advised_app(application.url).service.schema
    settings = Settings().with_values(database_url=application.url, data_dir=str(tmp_path))
    operations = application.trace().values()
    documents = {each.id: each.document for each in operations}
    ids = [part.id for each in operations for part in each.statements]
    load = TracedLoad(dict.fromkeys(ids, calls), {}, 0.0)
    tried = TriedApplication(schema, settings, documents)
    options = EvaluateOptions(pairs=FEW)
    return application.work(lambda pool: evaluate(pool, tried, advice, load, options))


def test_candidates_of_each_kind_are_measured(application: Traced, tmp_path: Any) -> None:
    advice = [
        advice_of(application, root, candidate)
        for root, candidate in [
            (
                "writerOf",
                Candidate(
                    "index",
                    "AdvisedWriter",
                    WRITER,
                    "indexes",
                    'fraiseql.Index("email")',
                    ("CREATE INDEX w1 ON public.tb_writer (email, id)",),
                ),
            ),
            (
                "writer",
                Candidate("projection", "AdvisedWriter", WRITER, "stored", "fraiseql.Projection()"),
            ),
            (
                "notes",
                Candidate(
                    "generated column",
                    "AdvisedNote",
                    "public.tb_note",
                    "stored",
                    "fraiseql.GeneratedColumn()",
                ),
            ),
            (
                "counts",
                Candidate(
                    "materialized view",
                    "AdvisedCount",
                    "",
                    "stored",
                    f'fraiseql.MaterializedView(sql="""{COUNTED}""", refresh="5m")',
                ),
            ),
        ]
    ]
    evaluation = evaluated(application, tmp_path, *advice)
    print({each.candidate.kind: (each.refusal, each.gains) for each in evaluation.trials})
    assert not evaluation.others
    for trial, own in zip(evaluation.trials, advice, strict=True):
        gain = trial.gains[own.candidate.statements[0]]
        assert gain.equal, trial
        assert trial.build_seconds > 0
    projection = evaluation.trials[1]
    # Times depend on what else the machine does. Without an index on the embedded rows, each
    # document reads all of them; rows of a view are none of the server's shared blocks.
    for place in (0, 1, 3):
        gain = evaluation.trials[place].gains[advice[place].candidate.statements[0]]
        assert gain.blocks[0] > 2 * gain.blocks[1], advice[place].candidate.kind
    assert projection.before_us is not None
    assert projection.after_us is not None
    assert projection.after_us > projection.before_us
    assert not list(tmp_path.iterdir())


CACHE = "fraiseql.Cache()"


def test_a_result_cache_is_asked_and_written_and_its_answers_are_equal(
    application: Traced, tmp_path: Any
) -> None:
    read = Candidate("result cache", "notes", NOTE, "cache", CACHE, traffic=CacheTraffic(40, 0.0))
    advice = advice_of(application, "notes", read)
    (trial,) = evaluated(application, tmp_path, advice).trials
    gain = trial.gains[advice.candidate.statements[0]]
    assert (gain.equal, gain.pairs, trial.others) == (True, 40, ())
    # The only key is stored by the first request.
    assert trial.notes == ("Measured hit ratio 0.97 in 40 requests, with 0 writes for each.",)
    assert trial.after_us is not None
    assert not list(tmp_path.iterdir())


def test_writes_end_the_results_that_a_cache_has(application: Traced, tmp_path: Any) -> None:
    written = Candidate(
        "result cache", "counts", NOTE, "cache", CACHE, traffic=CacheTraffic(40, 0.5)
    )
    (trial,) = evaluated(application, tmp_path, advice_of(application, "counts", written)).trials
    # Each write deletes a row, which every answer counts: a stale one would differ.
    assert [gain.equal for gain in trial.gains.values()] == [True]
    assert trial.notes == ("Measured hit ratio 0.47 in 40 requests, with 0.5 writes for each.",)


def test_a_cache_that_cannot_be_tried_is_listed_with_the_reason(
    application: Traced, tmp_path: Any
) -> None:
    application.serve('{ writerOf(email: "7@x.org") { bio } }', trace="values")
    literal = Candidate("result cache", "writer_of", WRITER, "cache", CACHE)
    advice = advice_of(application, "writerOf", literal)
    unnamed = application.trace()[""].id
    statements = tuple(part.id for part in application.trace()[""].statements)
    only = replace(advice.candidate, operations=(unnamed,), statements=statements)
    stale = replace(literal, kind="stale", declaration='fraiseql.Cache(stale="10s")')
    every = (replace(advice, candidate=only), advice_of(application, "writerOf", stale))
    evaluation = evaluated(application, tmp_path, *every)
    assert "its document has literals" in evaluation.others[0].reason
    assert evaluation.trials[1].notes == ("not measured: answers that lag need real times",)


def test_advice_whose_writes_cost_more_than_it_saves_is_refused(
    application: Traced, tmp_path: Any
) -> None:
    candidate = Candidate(
        "index",
        "AdvisedWriter",
        WRITER,
        "indexes",
        'fraiseql.Index("bio")',
        ("CREATE INDEX w2 ON public.tb_writer (bio, email, name, id)",),
    )
    advice = advice_of(application, "writer", candidate, writes=1_000_000.0)
    evaluation = evaluated(application, tmp_path, advice, calls=0.0001)
    assert evaluation.advice == ()
    assert "writes cost" in evaluation.refused[0].refusal
