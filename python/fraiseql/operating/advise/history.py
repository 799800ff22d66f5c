"""History of advice, in a file of the data directory."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fraiseql.errors import ConfigurationError
from fraiseql.operating.advise.candidate import Advice, MeasuredGain, Prediction
from fraiseql.operating.trace.report import Trace

_FILE: Final = "advice.jsonl"
_FACTOR: Final = 2.0


@dataclass(frozen=True, slots=True)
class PromisedGain:
    """The promise for a root field of an operation.

    Attributes:
        operation: Id of the operation.
        name: Its name.
        root: The root field.
        before_ms: Mean database time of its statements in one request.
        gain: Predicted, or measured.
        low: Lower end of its interval.
        high: Upper end.
    """

    operation: str
    name: str
    root: str
    before_ms: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AdviceRecord:
    """Advice at a time.

    Attributes:
        id: Id of its candidate.
        at: When it was recorded.
        kind: The sort of change.
        title: The change in a few words.
        target: The type, query, index or setting.
        undo: How it is undone.
        confidence: ``measured``, ``rough`` or ``predicted only``.
        promises: By operation and root field.
    """

    id: str
    at: datetime
    kind: str
    title: str
    target: str
    undo: tuple[str, ...]
    confidence: str
    promises: tuple[PromisedGain, ...]


def undo_of(advice: Advice) -> tuple[str, ...]:
    """Return the steps that undo advice after it was deployed."""
    candidate = advice.candidate
    if candidate.option in ("indexes", "stored", "cache"):
        return (
            f"remove {candidate.option}={candidate.declaration} of {candidate.target}",
            "fraiseql db apply APP",
        )
    return candidate.undo


def recorded(advice: Advice, trace: Trace) -> AdviceRecord:
    """Return the record of advice.

    Args:
        advice: The advice.
        trace: The trace that it was made from.
    """
    candidate = advice.candidate
    promises = []
    for operation in trace.operations:
        for statement in operation.statements:
            own = _gain(advice, statement.id)
            if own is None or not statement.sql or not operation.cost.calls:
                continue
            before = statement.cost.ms / operation.cost.calls
            gains = (own.gain, *_bounds(own))
            promises.append(
                PromisedGain(operation.id, operation.name, statement.root, before, *gains)
            )
    now = datetime.now(UTC)
    texts = (candidate.kind, candidate.title, candidate.target)
    return AdviceRecord(
        candidate.id, now, *texts, undo_of(advice), advice.confidence, tuple(promises)
    )


def _gain(advice: Advice, statement: str) -> MeasuredGain | Prediction | None:
    return (advice.measurements or {}).get(statement) or advice.predictions.get(statement)


def _bounds(gain: MeasuredGain | Prediction) -> tuple[float, float]:
    """Return the interval to hold in production.

    That of a measurement says how precise it is in the copy. Other requests, cold caches and the
    network are not in it: they get the factor of a prediction.
    """
    if isinstance(gain, MeasuredGain):
        return min(gain.low, gain.gain / _FACTOR), max(gain.high, gain.gain * _FACTOR)
    return gain.low, gain.high


def remember(data_dir: Path | str, records: Sequence[AdviceRecord]) -> None:
    """Append records to the history.

    Raises:
        ConfigurationError: The data directory cannot be written.
    """
    try:
        Path(data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
        with (Path(data_dir) / _FILE).open("a", encoding="utf-8") as file:
            for record in records:
                file.write(json.dumps(asdict(record), default=str, ensure_ascii=False) + "\n")
    except OSError as error:
        raise ConfigurationError(
            f"The history of advice in {data_dir} cannot be written: {error.strerror or error}.",
            hint="Set FRAISEQL_DATA_DIR to a directory that this user can write.",
        ) from error


def history(data_dir: Path | str) -> list[AdviceRecord]:
    """Return all records, the oldest first; the last line may be half-written."""
    try:
        lines = (Path(data_dir) / _FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    records = []
    for line in lines:
        try:
            records.append(_record(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue
    return records


def _record(values: Mapping[str, Any]) -> AdviceRecord:
    promises = tuple(PromisedGain(**each) for each in values["promises"])
    parts = {**values, "promises": promises, "undo": tuple(values["undo"])}
    return AdviceRecord(**{**parts, "at": datetime.fromisoformat(values["at"])})
