"""Commands by name, with the modules that define them.

A module is imported when one of its commands is chosen, because a command needs few modules of
the package.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

COMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    "init": {"init": "make a project that runs, with a test"},
    "demo": {"demo": "load a third of a million flights and serve them with GraphiQL"},
    "serve": {
        "serve": "serve an application",
        "dev": "serve while you write: reloads, with GraphiQL and full error messages",
    },
    "db": {"db": "plan, apply and verify declared objects in the database"},
    "refresh": {"refresh": "refresh materialized views now, or run the background worker"},
    "cache": {"cache": "show, invalidate and clean result caches"},
    "doctor": {"doctor": "look for known faults of the database; exits 1 if there are any"},
    "tune": {"tune": "propose settings of the server; exits 1 if it has proposals"},
    "advise": {
        "advise": "predict which indexes and stored documents make the traced operations faster;"
        " exits 1 if it has advice"
    },
    "trace": {"trace": "cost of operations, statement by statement"},
    "dashboard": {"dashboard": "print a Grafana dashboard for the metrics, or rules for alerts"},
    "bench": {
        "bench": "measure published claims about caching in the database; exits 1 if some fail"
    },
    "schema": {"schema": "print an application's GraphQL schema"},
    "explain": {"explain": "show the plan, SQL and EXPLAIN of an operation without running it"},
}
"""Commands with their help, by the module of this package that defines them, in the order of the
help. A module has the function ``add_to(commands)``, which adds their parsers."""


def add_command(commands: Any, name: str) -> Any:
    """Add the parser of a command, with its help; return the parser."""
    summaries = {name: text for module in COMMANDS.values() for name, text in module.items()}
    return commands.add_parser(name, help=summaries[name])


def add_commands(commands: Any, chosen: str | None) -> None:
    """Add the parsers of all commands.

    Args:
        commands: Subparsers of the program.
        chosen: The command that will run. The other parsers have no arguments, unless it is None.
    """
    for module, names in COMMANDS.items():
        if chosen is None or chosen in names:
            import_module(f"fraiseql.cli.{module}").add_to(commands)
        else:
            for name in names:
                add_command(commands, name)
