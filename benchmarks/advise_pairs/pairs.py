"""A prediction beside its measurement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.advise_pairs.traced import changes_of
from fraiseql.operating.advise.advising import AdviceReport
from fraiseql.operating.advise.candidate import Candidate, MeasuredGain, Prediction
from fraiseql.operating.advise.trials import Trial


@dataclass(frozen=True, slots=True)
class Pair:
    """A prediction and a measurement of one statement.

    Attributes:
        seed: Of its shape.
        name: Its operation.
        candidate: The change.
        predicted: As printed.
        measured: In the copy.
        floor: Milliseconds of a statement that reads nothing, when it was predicted.
        wall: Whether both times are those of a clock.
        advised: Whether it is recommended; if not, it may not pay.
    """

    seed: int
    name: str
    candidate: Candidate
    predicted: Prediction
    measured: MeasuredGain
    floor: float
    wall: bool
    advised: bool

    @property
    def gain(self) -> float:
        """The measured gain, in the same times as the prediction."""
        if self.wall or self.measured.processor is None:
            return self.measured.gain
        before, after, _ = self.measured.processor
        return before / after

    @property
    def error(self) -> float:
        """The larger of the two gains by the smaller one."""
        ratio = self.gain / self.predicted.gain
        return max(ratio, 1 / ratio)

    @property
    def is_inside(self) -> bool:
        """Whether the measured gain is in the printed interval."""
        return self.predicted.low <= self.gain <= self.predicted.high

    @property
    def width(self) -> float:
        """The upper end of the interval by the lower one."""
        return self.predicted.high / self.predicted.low


def pairs_of(
    seed: int, trials: Sequence[Trial], reports: Sequence[AdviceReport], *, wall: bool
) -> Iterator[Pair]:
    """Yield each predicted statement of each change with its measurement."""
    gains = {each.candidate.id: each.gains for each in trials}
    seen = set()
    for report in reports:
        for advice in changes_of(report):
            for key, prediction in advice.predictions.items():
                pair = (advice.candidate.id, key)
                if pair in seen or key not in gains[advice.candidate.id]:
                    continue
                seen.add(pair)
                statement = next(each for each in report.workload.statements if each.id == key)
                measured = gains[advice.candidate.id][key]
                name = report.workload.label(statement)
                candidate = advice.candidate
                by_clock = wall or candidate.option == "cache"
                figures = (prediction, measured, report.floor, by_clock)
                yield Pair(seed, name, candidate, *figures, advice in report.advice)


def summary(pairs: Sequence[Pair]) -> str:
    """Return the figures of pairs in a line."""
    inside = sum(each.is_inside for each in pairs)
    errors = sorted(each.error for each in pairs)
    return (
        f"{inside:>3} of {len(pairs):<3} inside, median error {median(errors):.2f}, worst"
        f" {errors[-1]:.1f}, median width {median(each.width for each in pairs):.1f}"
    )
