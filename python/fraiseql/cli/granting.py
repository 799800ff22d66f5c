"""``fraiseql db grant``: privileges of the application role."""

from argparse import ArgumentParser, Namespace

from fraiseql.caching.ddl.desired_state import DesiredState, application_privileges
from fraiseql.caching.results.admin.privileges import grant, required_grants
from fraiseql.cli.output import note, say, say_json
from fraiseql.database.writing import AdminConnection


def add_role(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("role", metavar="ROLE", help="name of the role, as it connects")
    parser.add_argument(
        "--print", action="store_true", dest="only_print", help="only print the statements"
    )


async def run_grant(writer: AdminConnection, desired: DesiredState, arguments: Namespace) -> int:
    """Grant, and print each statement with its purpose.

    Raises:
        ConfigurationError: The role does not exist, or nothing was applied.
        DatabaseError: The connected role may not grant it.
    """
    work = required_grants if arguments.only_print else grant
    statements = await work(writer, arguments.role, application_privileges(desired))
    if arguments.json:
        say_json([{"for": purpose, "sql": sql} for sql, purpose in statements.items()])
        return 0
    for sql, purpose in statements.items():
        say(f"-- {purpose}\n{sql};")
    if not arguments.only_print:
        note(f"Granted to {arguments.role}, which can now read all cached answers.")
    return 0
