"""Soak: random storms over kept documents for as long as asked, compared all the while.

``python -m tests.soak --seconds 7200 --seed 1 --server both``: rounds with growing seeds, turn by
turn on each schema, mode and server, and now and then an application under changes of data,
rights, settings and definitions, and after deploys. Prints a line per round. At the first wrong
document it saves what the writers did last to ``.fraiseql/soak-SEED.log``, says what was wrong,
and ends with 1. With ``--results`` the hits of result caches are compared instead, store by store,
and an application's answers while all of this changes. With ``--upheaval`` there are only
applications; ``--actors`` says what changes. With ``--hostile`` clients attack, abort and do not
read while PostgreSQL crashes and the way to it is faulty; memory, errors and the slowest heartbeat
are told. With ``--schema`` schemathesis makes operations from the schema: none may fail inside.
With ``--peers`` PostGraphile answers the same random questions from the same database. With
``--mutations`` generated mutations of many writers are compared with a model of each.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count, product
from pathlib import Path
from typing import Final

from fraiseql.database.embedded import start_embedded
from fraiseql.database.embedded.binaries import system_directory
from tests.integration.caching.projection.installation import as_written
from tests.integration.caching.projection.mutants import without
from tests.integration.caching.projection.partitioned import PARTED
from tests.integration.caching.projection.rounds import Result, Round, run_round
from tests.integration.caching.projection.schemas import BLOG, OFFICE
from tests.integration.caching.upheaval.rounds import Upheaval
from tests.soak_hostile import soak_hostile
from tests.soak_mutations import soak_mutations
from tests.soak_peers import soak_peers
from tests.soak_results import soak_results
from tests.soak_schema import soak_schema
from tests.soak_upheaval import ALL, soak_upheaval, upheaval_round

ROUND = 30.0
"""Seconds that a round lasts; its tables are made anew."""


KINDS: Final[dict[str, Callable[[argparse.Namespace, dict[str, str]], int]]] = {
    "upheaval": lambda options, addresses: soak_upheaval(options, addresses, ROUND),
    "hostile": soak_hostile,
    "schema": soak_schema,
    "peers": soak_peers,
    "mutations": lambda options, addresses: soak_mutations(options, addresses, ROUND),
    "results": lambda options, addresses: soak_results(options, addresses, ROUND),
}
"""Soaks by their options."""


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=7200, help="how long; 7200 if not given")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first round")
    parser.add_argument("--server", choices=["embedded", "system", "both"], default="both")
    parser.add_argument("--writers", type=int, default=6, help="sessions that write at a time")
    parser.add_argument("--without", help="leave a section of the flush out: it must be found out")
    parser.add_argument("--results", action="store_true", help="result caches, not projections")
    parser.add_argument("--upheaval", action="store_true", help="applications under all changes")
    parser.add_argument("--actors", help="of the upheaval, with commas; else all")
    parser.add_argument("--hostile", action="store_true", help="hostile traffic over HTTP")
    parser.add_argument("--schema", action="store_true", help="operations made by schemathesis")
    parser.add_argument("--mutations", action="store_true", help="generated mutations")
    parser.add_argument("--peers", action="store_true", help="questions that PostGraphile answers")
    return parser.parse_args(arguments)


def servers(chosen: str, stack: ExitStack) -> dict[str, str]:
    """Start the chosen servers; give the address of each."""
    collected = {}
    for kind in ("embedded", "system") if chosen == "both" else (chosen,):
        directory = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="fraiseql-soak-", ignore_cleanup_errors=True)
        )
        binaries = system_directory() if kind == "system" else None
        if kind == "system" and binaries is None:
            print("the system has no PostgreSQL server", file=sys.stderr)
            continue
        server = start_embedded(Path(directory), binaries=binaries, durable=False)
        collected[f"{kind} {server.version}"] = stack.enter_context(server).url
    return collected


def rounds(seed: int, writers: int, seconds: float) -> Iterator[Round | int]:
    """Give rounds without end; a number is the seed of one with all changes."""
    turns = [*product((BLOG, OFFICE, PARTED), ("commit", "statement")), None]
    for number in count(seed):
        turn = turns[(number - seed) % len(turns)]
        yield number if turn is None else Round(*turn, number, seconds, writers)


def line(kind: str, chosen: Round, result: Result) -> str:
    ends = result.ends
    retried = {code: number for code, number in sorted(ends.items()) if code[:1].isdigit()}
    return (
        f"{kind} {chosen.case.name} {chosen.mode} seed {chosen.seed}: "
        f"{sum(ends.values()) - ends['level refused']} transactions, "
        f"{ends['committed']} committed, "
        f"{result.watched.documents} documents compared in {result.watched.comparisons} snapshots, "
        f"{len(result.watched.wrong)} wrong, retries {retried}"
    )


def soak(arguments: argparse.Namespace, addresses: dict[str, str]) -> int:
    """Run rounds until the time is over or a document is wrong; return the exit code."""
    end = time.monotonic() + arguments.seconds
    total: Counter[str] = Counter()
    change = without(arguments.without) if arguments.without else as_written
    lasting = min(ROUND, arguments.seconds)
    for chosen in rounds(arguments.seed, arguments.writers, lasting):
        for kind, url in addresses.items():
            if time.monotonic() >= end:
                print(f"in all {dict(total)}, 0 wrong", flush=True)
                return 0
            if isinstance(chosen, int):
                upheaval = Upheaval(url, chosen, ALL)
                seen = upheaval_round(upheaval, f"{kind} all changes seed {chosen}", lasting)
                total["comparisons"] += seen.comparisons
                wrong = bool(seen.wrong)
            else:
                result = asyncio.run(run_round(url, chosen, change))
                total.update(result.ends)
                total["documents"] += result.watched.documents
                print(line(kind, chosen, result), flush=True)
                wrong = saved(chosen, result)
            if wrong:
                return 1
    raise AssertionError


def saved(chosen: Round, result: Result) -> bool:
    """Save what the writers did last, if something is wrong; tell whether it is."""
    if result.watched.wrong:
        path = Path(".fraiseql", f"soak-{chosen.seed}.log")
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([*result.watched.wrong, *result.journal]))
        print("\n".join(result.watched.wrong[:5]), f"\nsaved: {path}", flush=True)
    return bool(result.watched.wrong)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the servers, run the rounds; stopped before something is wrong, it ends well."""
    options_ = options(arguments)
    logging.getLogger("fraiseql").setLevel(logging.ERROR)
    with ExitStack() as stack:
        addresses = servers(options_.server, stack)
        try:
            for name, run in KINDS.items():
                if getattr(options_, name) and addresses:
                    return run(options_, addresses)
            return soak(options_, addresses) if addresses else 2
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
