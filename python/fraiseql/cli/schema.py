"""``fraiseql schema``: the schema of an application in GraphQL's schema language."""

import sys
from argparse import Namespace
from typing import Any

from graphql import print_schema

from fraiseql.cli.registry import add_command
from fraiseql.cli.target import add_target, find_target


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "schema")
    add_target(parser)
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> int:
    service = find_target(arguments.app).service()
    sys.stdout.write(print_schema(service.schema.graphql) + "\n")
    return 0
