"""``fraiseql db grant``: the role that serves is given what it reads of what was applied."""

from argparse import ArgumentParser, Namespace

from fraiseql.caching.ddl.desired_state import DesiredState, document_rights
from fraiseql.caching.results.admin.privileges import grant, required_grants
from fraiseql.cli.output import note, say, say_json
from fraiseql.database.writing import AdminConnection


def add_role(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("role", metavar="ROLE", help="name of the role, as it connects")
    parser.add_argument(
        "--print", action="store_true", dest="only_print", help="only print the statements"
    )


async def run_grant(writer: AdminConnection, wanted: DesiredState, arguments: Namespace) -> int:
    """Grant, and print each statement under what it is for.

    Raises:
        ConfigurationError: There is no such role, or nothing was applied.
        DatabaseError: The connected role may not grant it.
    """
    work = required_grants if arguments.only_print else grant
    statements = await work(writer, arguments.role, document_rights(wanted))
    if arguments.json:
        say_json([{"for": purpose, "sql": sql} for sql, purpose in statements.items()])
        return 0
    for sql, purpose in statements.items():
        say(f"-- {purpose}\n{sql};")
    if not arguments.only_print:
        note(f"Granted to {arguments.role}, who can now read every answer that is kept.")
    return 0
