"""Predictions of advice beside their measurements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import pytest

from fraiseql.database import Pool
from fraiseql.events import Timings
from fraiseql.operating.advise.advising import AdviceReport, AdviseOptions, advise
from fraiseql.operating.advise.candidate import Advice, MeasuredGain, Prediction
from fraiseql.operating.advise.evaluate import try_candidate
from fraiseql.operating.advise.forms import open_form
from fraiseql.operating.advise.replay import PairLimits
from fraiseql.operating.advise.scratch import USUAL_LIMITS, embedded_scratch
from fraiseql.operating.advise.stored_trials import TriedApplication
from fraiseql.operating.advise.table_facts import load_table_facts
from fraiseql.operating.advise.trials import Trial
from fraiseql.operating.trace.samples import ReplayLimits, load_replay
from fraiseql.serving import Request
from fraiseql.settings import Settings
from tests.integration.operating.advised import TABLES, app_of
from tests.integration.operating.scratch import Scratch, Scratches
from tests.integration.operating.test_advise import CASES, DROPPED
from tests.integration.operating.traced import Traced

RUNS = 6
LEAST_PAIRS = 20
LEAST_SHARE = 0.8
MOST_ERROR = 2.0
QUERIES = {case.name: case.query for case in CASES if case not in DROPPED} | {
    "Few": "{ authorPosts(authorId: 8, limit: 3) { title } }",
    "Whole": "{ authorPosts(authorId: 9) { id title status score createdAt } }",
    "LatestFew": "{ latest(limit: 3) { title } }",
    "LatestMany": "{ latest(limit: 50) { id title status score } }",
    "Commented": "{ latest(limit: 5) { title comments { body } } }",
    "OnePost": "{ post(id: 77) { title comments { body createdAt } } }",
    "Events": "{ deviceEvents(deviceId: 5) { id kind at } }",
    "WholeDocument": '{ docs(code: "c78") { code colour size } }',
    "Sales": "{ sales(customerId: 6, region: 6) { id total at } }",
    "Members": "{ teams(limit: 5) { name members { name badges { label } } } }",
}
PAIRS = PairLimits(least=30, most=30, seconds=1.0)


@dataclass(frozen=True)
class Pair:
    """A prediction from measured and from traced times, and the measurement."""

    title: str
    predicted: Prediction
    traced: Prediction
    measured: MeasuredGain

    @property
    def error(self) -> float:
        """The larger of the two gains by the smaller one."""
        ratio = self.measured.gain / self.predicted.gain
        return max(ratio, 1 / ratio)

    @property
    def is_inside(self) -> bool:
        """Whether the measured gain is in the predicted interval."""
        return self.predicted.low <= self.measured.gain <= self.predicted.high


@pytest.fixture(scope="module")
def served(scratches: Scratches) -> Iterator[Traced]:
    """The application with a trace of the cases, which has values."""
    scratch: Scratch = scratches("embedded")
    scratch.run("CREATE DATABASE predicted")
    traced = Traced(scratch.url.replace("/doctor?", "/predicted?"), app_of)
    traced.execute(TABLES)
    traced.apply()
    for purge in (True, False):
        traced.run(serve(traced.url))
        if purge:
            # The first runs read from disk.
            traced.purge()
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE predicted WITH (FORCE)")


async def serve(url: str) -> None:
    app = app_of(url, trace="values")
    await app.start()
    for name, query in QUERIES.items():
        for _ in range(RUNS):
            request = Request(f"query {name} {query}")
            await app.service.execute(request, {}, Timings())
    await app.stop()


async def reports(pool: Pool, settings: Settings) -> list[AdviceReport]:
    """Return the advice for each case, all from one twin."""
    schema = app_of(settings.database_url).service.schema
    facts = await load_table_facts(pool.inspect, [])
    async with open_form(pool, settings, facts) as form:
        return [
            await advise(pool, schema, settings, AdviseOptions(name, 10, 0.0), form)
            for name in QUERIES
        ]


async def tried(
    pool: Pool, settings: Settings, advice: Sequence[Advice], documents: dict[str, str]
) -> list[Trial]:
    """Measure each candidate with the statements that it helps, all in one copy."""
    schema = app_of(settings.database_url).service.schema
    application = TriedApplication(schema, settings, documents)
    statements, _ = await load_replay(pool, ReplayLimits(50, 60_000.0, synthetic=True))
    names = {name for each in statements for name in each.relations}
    trials = []
    async with embedded_scratch(settings.database_url, settings, names, USUAL_LIMITS) as scratch:
        for each in advice:
            own = [one for one in statements if one.id in each.predictions]
            trials.append(await try_candidate(scratch, application, each.candidate, own, PAIRS))
    return trials


def pairs_of(
    trials: Sequence[Trial], found: Sequence[AdviceReport], floor: float
) -> Iterator[Pair]:
    """Yield each predicted statement of each candidate with its measurement."""
    gains = {each.candidate.id: each.gains for each in trials}
    predictions = {
        (each.candidate.id, each.candidate.title, key): own
        for report in found
        for each in report.advice
        for key, own in each.predictions.items()
    }
    for (number, title, key), prediction in predictions.items():
        if key in gains[number]:
            measured = gains[number][key]
            yield Pair(title, at_the_time(prediction, measured, floor), prediction, measured)


def at_the_time(prediction: Prediction, measured: MeasuredGain, floor: float) -> Prediction:
    """Return a prediction from the times of the measurement, not from those of the trace.

    Other programs on the machine make the two differ by more than the formula is wrong.
    """
    before, now = measured.before_ms, measured.floor_ms
    share = (prediction.after_ms - floor) / max(prediction.before_ms - floor, 1e-6)
    after = now + max(before - now, 0.0) * max(share, 0.0)
    gain = before / after
    factor = prediction.factor
    return Prediction(before, after, gain, gain / factor, gain * factor, factor=factor)


def test_measured_gains_are_in_the_predicted_intervals(served: Traced, tmp_path: Path) -> None:
    settings = Settings().with_values(database_url=served.url, data_dir=str(tmp_path))
    found = served.work(lambda pool: reports(pool, settings))
    merged: dict[str, Advice] = {}
    for each in (each for own in found for each in own.advice):
        before = merged.get(each.candidate.id, each)
        merged[each.candidate.id] = replace(
            each, predictions={**before.predictions, **each.predictions}
        )
    documents = {key: text for own in found for key, text in own.workload.documents.items()}
    advice = list(merged.values())
    trials = served.work(lambda pool: tried(pool, settings, advice, documents))
    pairs = list(pairs_of(trials, found, found[0].floor))
    inside = sum(pair.is_inside for pair in pairs)
    error = median(pair.error for pair in pairs)
    traced = sum(pair.traced.low <= pair.measured.gain <= pair.traced.high for pair in pairs)
    for pair in pairs:
        print(pair.is_inside, pair.title[:70], *map(shown, (pair.predicted, pair.traced)), end=" ")
        print(shown(pair.measured), pair.measured.equal)
    print([(each.candidate.title, each.refusal) for each in trials if each.refusal])
    print(f"inside the interval: {inside} of {len(pairs)}, {traced} with traced times;", end=" ")
    print(f"median error {error:.2f}")
    assert len(pairs) >= LEAST_PAIRS
    assert error <= MOST_ERROR
    assert inside >= LEAST_SHARE * len(pairs)


def shown(gain: Prediction | MeasuredGain) -> str:
    times = f"{gain.before_ms:.2f} -> {gain.after_ms:.2f}"
    return f"{gain.gain:.1f} [{gain.low:.1f}-{gain.high:.1f}] ({times})"
