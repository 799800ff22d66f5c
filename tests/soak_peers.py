"""Soak beside PostGraphile: random questions about the same rows; see ``tests.soak``."""

import random
import time
from argparse import Namespace

from tests.integration.serving.served import served
from tests.peers.comparison import Comparison
from tests.peers.postgraphile import postgraphile
from tests.peers.things import QUERIES, TABLES, fill

QUESTIONS = 200
"""Questions about the same rows."""


def soak_peers(arguments: Namespace, addresses: dict[str, str]) -> int:
    """Ask for the time that each server has; return the exit code."""
    seconds = arguments.seconds / len(addresses)
    for server, url in addresses.items():
        if not _soak_server(server, url, arguments.seed, seconds):
            return 1
    return 0


def _soak_server(server: str, url: str, seed: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    with served(url, TABLES, queries=QUERIES) as ours, postgraphile(url) as peer:
        comparison = Comparison(ours, peer, seed)
        while time.monotonic() < end:
            ours.run(fill(url, random.Random(seed)))
            for _ in range(QUESTIONS):
                if time.monotonic() >= end:
                    break
                try:
                    comparison.run_one()
                except AssertionError as error:
                    print(f"{server} rows of seed {seed}: {error}", flush=True)
                    return False
            seed += 1
            print(f"{server} PostGraphile: {dict(comparison.counts)}", flush=True)
    return True
