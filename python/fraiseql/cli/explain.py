"""``fraiseql explain``: the plans and statements of an operation."""

import asyncio
import dataclasses
import json
import sys
from argparse import Namespace
from typing import Any, Final

from fraiseql.cli.layout import lay_out
from fraiseql.cli.output import say, say_json
from fraiseql.cli.registry import add_command
from fraiseql.cli.target import add_target, find_target
from fraiseql.errors import ConfigurationError, FraiseQLError
from fraiseql.serving import Explanation, Request, RequestError, Service, StatementReport

_RIGHTS: Final = (
    "-- planned with all rights: no check of requires= ran. A request whose check fails does not"
    " read the field."
)


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "explain")
    add_target(parser)
    parser.add_argument("query", metavar="QUERY", help="the operation's text; - for standard input")
    parser.add_argument(
        "--variables", default="{}", metavar="JSON", help="values of its variables, a JSON object"
    )
    parser.add_argument(
        "--operation", metavar="NAME", help="name of the operation, if the document has several"
    )
    parser.add_argument(
        "--analyze", action="store_true", help="run the statements and show their times"
    )
    parser.add_argument("--role", metavar="ROLE", help="explain it for requests with this role")
    parser.add_argument(
        "--session",
        default="{}",
        metavar="JSON",
        help="session variables of the request: a JSON object of texts",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> int:
    variables = _mapping("--variables", arguments.variables, """'{"id": 1}'""")
    session = _mapping("--session", arguments.session, """'{"app.tenant": "1"}'""")
    request = Request(_text(arguments.query), arguments.operation, variables)
    context = {"role": arguments.role, "session": session}
    service = find_target(arguments.app).service()
    explanation = asyncio.run(_explain(service, request, context, analyze=arguments.analyze))
    if arguments.json:
        say_json({**dataclasses.asdict(explanation), "rights": "all"})
        return 0
    _show(explanation)
    say(f"\n-- {_by(explanation)}")
    if service.schema.guards.present:
        say(f"\n{_RIGHTS}")
    return 0


def _text(query: str) -> str:
    return sys.stdin.read() if query == "-" else query


def _mapping(option: str, text: str, example: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{option} is not JSON: {error}.", hint=f"Write {option} {example}."
        ) from None
    if isinstance(value, dict):
        return value
    raise ConfigurationError(f"{option} is not a JSON object.", hint='Write {"name": value}.')


async def _explain(
    service: Service, request: Request, context: dict[str, Any], *, analyze: bool
) -> Explanation:
    await service.start()
    try:
        return await service.explain(request, context, analyze=analyze)
    except RequestError as error:
        raise FraiseQLError("\n".join(str(each) for each in error.errors)) from None
    finally:
        await service.stop()


def _by(explanation: Explanation) -> str:
    """Return who answers a repeated request."""
    if not explanation.python:
        return "repeated requests are answered natively, without Python"
    return f"Python answers each request: {explanation.python}"


def _show(explanation: Explanation) -> None:
    say(explanation.plan)
    for statement in explanation.statements:
        source = "" if statement.source == "live" else f", from the {statement.source}"
        say(f"\n-- {statement.key}{source}")
        if statement.withheld:
            say(f"-- stored documents are not read for this role: {statement.withheld}")
        say(lay_out(statement.sql))
        for number, parameter in enumerate(statement.parameters, 1):
            say(f"-- ${number} = {parameter}")
        say()
        for line in statement.plan:
            say(f"    {line}")
        _show_generic(statement)


def _show_generic(statement: StatementReport) -> None:
    if statement.parameters:
        say("\n-- planned once, for any values:")
        for line in statement.generic:
            say(f"    {line}")
    for name in statement.indexes:
        say(f"-- uses the declared index {name}, whatever the values")
