"""``fraiseql schema``: the schema of an application in GraphQL's schema language."""

import sys
from argparse import Namespace
from typing import Any

from graphql import print_schema

from fraiseql.cli.target import add_target, find_target


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("schema", help="print an application's GraphQL schema")
    add_target(parser)
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> int:
    application = find_target(arguments.app).application()
    sys.stdout.write(print_schema(application.service.schema.graphql) + "\n")
    return 0
