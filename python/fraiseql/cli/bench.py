"""``fraiseql bench``: published claims about caching in the database, measured here."""

import asyncio
import os
import platform
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from fraiseql.cli.output import NOT_RUN, note, say, say_json
from fraiseql.cli.registry import add_command
from fraiseql.database import open_pool
from fraiseql.database.embedded import start_embedded
from fraiseql.database.writing import open_admin
from fraiseql.errors import ConfigurationError
from fraiseql.naming import suggestion
from fraiseql.operating.bench.claims import Claim, load_claims
from fraiseql.operating.bench.figures import Measurements
from fraiseql.operating.bench.report import (
    BUSY,
    Row,
    as_json,
    markdown,
    picture,
    report_document,
    rows_of,
)
from fraiseql.operating.bench.sample import Sample
from fraiseql.settings import Settings
from fraiseql.sizing.machine import local_machine
from fraiseql.sizing.sizes import shown

_EMBEDDED: Final = "embedded:"
_FULL: Final = (20_000, 500)
_QUICK: Final = (2_000, 100)
_BUSY: Final = 0.5
_DIFFERS: Final = 1
_AGREES: Final = frozenset({"holds", "faster than said", "can be had", "not comparable"})


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "bench")
    parser.add_argument("--quick", action="store_true", help="little data and few runs")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="report these claims")
    parser.add_argument(
        "--database-url",
        default=_EMBEDDED,
        metavar="URL",
        help="measure in schema fraiseql_bench of this database, instead of a new embedded server",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write claims.json, claims.md and claims.svg"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run, failed=NOT_RUN)


def _run(arguments: Namespace) -> int:
    claims = _chosen(arguments.only)
    load = os.getloadavg()[0]
    quiet = load <= _BUSY * (os.cpu_count() or 1)
    with _address(arguments.database_url) as url:
        samples, server = asyncio.run(
            _measured(url, arguments.quick, own=arguments.database_url == _EMBEDDED)
        )
    machine = _machine(server, load)
    rows = rows_of(claims, samples, quiet=quiet)
    document = report_document(rows, machine)
    if arguments.out is not None:
        _write(arguments.out, rows, document)
    if arguments.json:
        say_json(document)
    else:
        _say(rows, machine)
    return 0 if all(row.verdict in _AGREES for row in rows) else _DIFFERS


def _chosen(only: list[str]) -> list[Claim]:
    claims = {claim.id: claim for claim in load_claims()}
    for name in only:
        if name not in claims:
            raise ConfigurationError(
                f"There is no claim {name!r}.{suggestion(name, claims)}",
                hint="fraiseql bench --quick lists all.",
            )
    return [claim for name, claim in claims.items() if not only or name in only]


@contextmanager
def _address(url: str) -> Iterator[str]:
    """Yield the address; of a new embedded server, which is removed afterwards."""
    if url != _EMBEDDED:
        yield url
        return
    with tempfile.TemporaryDirectory(
        prefix="fraiseql-bench-", ignore_cleanup_errors=True
    ) as folder:
        note("starting a new embedded PostgreSQL")
        with start_embedded(folder) as server:
            yield server.url


async def _measured(url: str, quick: bool, *, own: bool) -> tuple[Mapping[str, Sample], str]:
    users, runs = _QUICK if quick else _FULL
    pool = await open_pool(url, Settings())
    try:
        async with open_admin(pool) as writer:
            server = str(await writer.fetchval("SELECT current_setting('server_version')"))
            measurements = Measurements(writer, users, runs, own_server=own)
            return await measurements.all(lambda step: note(f"  {step}")), server
    finally:
        await pool.close()


def _machine(server: str, load: float) -> dict[str, Any]:
    machine = local_machine()
    return {
        "PostgreSQL": server,
        "fraiseql": version("fraiseql"),
        "Python": platform.python_version(),
        "processors": os.cpu_count(),
        "memory": shown(machine.memory) if machine else "unknown",
        "load before": round(load, 2),
        "load after": round(os.getloadavg()[0], 2),
    }


def _write(folder: Path, rows: list[Row], document: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "claims.json").write_text(as_json(document))
    (folder / "claims.md").write_text(markdown(rows, document["machine"]))
    (folder / "claims.svg").write_text(picture(rows))
    note(f"written to {folder}")


def _say(rows: list[Row], machine: Mapping[str, Any]) -> None:
    say("Published claims about caching in PostgreSQL, and their measurements on this machine:")
    say(", ".join(f"{name} {value}" for name, value in machine.items()))
    section = ""
    for row in rows:
        if row.claim.section != section:
            section = row.claim.section
            say(f"\n{section}")
        say(f"{row.claim.id}  {row.claim.quote}")
        say(f"     said {row.claim.text}, measured {row.measured}: {row.verdict}")
    agreeing = sum(row.verdict in _AGREES for row in rows)
    say(f"\n{agreeing} of {len(rows)} claims hold, or can be had, or cannot be compared.")
    busy = sum(row.verdict == BUSY for row in rows)
    if busy:
        say(f"{busy} have no verdict, because other programs were running: the load before the")
        say(f"start was more than {_BUSY:g} for each processor. Run it again on an idle machine.")
