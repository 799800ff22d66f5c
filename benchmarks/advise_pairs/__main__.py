"""Compare predictions with measurements: ``python -m benchmarks.advise_pairs``."""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.advise_pairs.pairs import Pair, pairs_of, summary
from benchmarks.advise_pairs.shapes import LETTERS
from benchmarks.advise_pairs.traced import merged, predicted, prepare, settings_for, tried
from fraiseql.database import open_pool
from fraiseql.database.embedded import start_embedded
from fraiseql.operating.advise.advising import AdviceReport


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.advise_pairs", description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[5, 6], metavar="N")
    parser.add_argument(
        "--wall", action="store_true", help="times of a clock, for a machine without other work"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all pairs")
    return parser.parse_args()


async def of_seed(
    url: str, seed: int, directory: Path, *, wall: bool, letters: str = LETTERS
) -> list[Pair]:
    """Return the pairs of a seed, of the tables with some letters."""
    start = time.monotonic()
    made = await prepare(url, seed, letters)
    print(f"seed {seed}: traced after {time.monotonic() - start:.0f} s", flush=True)
    settings = settings_for(url, directory)
    pool = await open_pool(url, settings)
    try:
        reports = await predicted(pool, settings, made, wall=wall)
        print(f"seed {seed}: predicted after {time.monotonic() - start:.0f} s", flush=True)
        _print_left(reports)
        documents = {key: text for each in reports for key, text in each.workload.documents.items()}
        trials = await tried(pool, settings, merged(reports), documents)
    finally:
        await pool.close()
    print(f"seed {seed}: measured after {time.monotonic() - start:.0f} s", flush=True)
    for each in trials:
        if each.refusal or each.others or each.notes:
            print(f"  {each.candidate.title[:60]}: {each.refusal} {each.others} {each.notes}")
    return list(pairs_of(seed, trials, reports, wall=wall))


def _print_left(reports: Sequence[AdviceReport]) -> None:
    for report in reports:
        for each in () if report.advice else report.left:
            print(f"  no advice for {report.workload.label(each.statement)}: {each.reason}")


def printed(pairs: Sequence[Pair]) -> None:
    """Print each pair, and figures by kind."""
    for each in sorted(pairs, key=lambda each: (each.candidate.kind, each.gain)):
        word = "inside " if each.is_inside else "OUTSIDE"
        own, real = each.predicted, each.measured
        print(
            f"{word} {each.candidate.kind:<17} {each.seed} {each.name:<10}"
            f" {'advised' if each.advised else 'not'}"
            f" predicted {own.gain:8.2f} [{own.low:.2f}-{own.high:.2f}]"
            f" measured {each.gain:8.2f} (of a clock {real.gain:.2f}) error {each.error:.2f};"
            f" {own.before_ms:.2f} -> {own.after_ms:.2f}, floor {each.floor:.3f}, measured"
            f" {real.before_ms:.2f} -> {real.after_ms:.2f}, processor"
            f" {' '.join(f'{part:.2f}' for part in real.processor or ())}"
        )
    for kind in sorted({each.candidate.kind for each in pairs}):
        print(f"{kind:<17} {summary([each for each in pairs if each.candidate.kind == kind])}")
    advised = [each for each in pairs if each.advised]
    print(f"{'advised only':<17} {summary(advised)}" if advised else "nothing was advised")
    for seed in sorted({each.seed for each in pairs}):
        print(f"seed {seed:<12} {summary([each for each in pairs if each.seed == seed])}")
    print(f"{'all':<17} {summary(pairs)}")


def _document(pair: Pair) -> dict[str, Any]:
    return {**asdict(pair), "candidate": {"kind": pair.candidate.kind, "id": pair.candidate.id}}


async def main() -> None:
    """Measure the pairs of each seed in a database of its own."""
    options = arguments()
    pairs: list[Pair] = []
    with tempfile.TemporaryDirectory() as name, start_embedded(name, durable=False) as server:
        admin = await asyncpg.connect(server.url)
        for seed in options.seeds:
            await admin.execute(f"CREATE DATABASE seed{seed}")
            url = server.url_for(f"seed{seed}")
            pairs += await of_seed(url, seed, Path(name) / "scratch", wall=options.wall)
            await admin.execute(f"DROP DATABASE seed{seed} WITH (FORCE)")
        await admin.close()
    printed(pairs)
    if options.json:
        options.json.write_text(json.dumps([_document(each) for each in pairs]), encoding="utf-8")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
