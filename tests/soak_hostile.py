"""Soak of hostile traffic: a storm on each server; see ``tests.soak``."""

import asyncio
import tempfile
from argparse import Namespace
from itertools import product
from pathlib import Path

from tests.failure.traffic.storm import Storm, run


def soak_hostile(arguments: Namespace, addresses: dict[str, str]) -> int:
    """Run the storms, with crashes of PostgreSQL; return the exit code."""
    seconds, apps = arguments.seconds / len(addresses) / 2, ("app", "open_app")
    for (server, url), app in product(addresses.items(), apps):
        with tempfile.TemporaryDirectory() as folder:
            storm = Storm(url, Path(folder), seconds, arguments.seed, crashes=True, app=app)
            report = asyncio.run(run(storm))
        print(f"{server} hostile traffic seed {arguments.seed}, {app}: {report.line()}", flush=True)
        if report.seen.wrong or report.tracebacks:
            print("\n".join(report.seen.wrong[:5]), flush=True)
            return 1
    return 0
