"""Verdicts of graphql-core's validation rules, reached through the endpoint."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

import pytest
from graphql import (
    ASTValidationRule,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
    validate,
)

import fraiseql
from fraiseql.testing import Answer, Client
from tests.integration.serving.served import execute
from tests.spec.validation_cases import CASES, DEFERRED, UNREACHABLE
from tests.spec.validation_schema import APPLICATION, TABLES, executed
from tests.spec.validation_value_cases import VALUE_CASES

RULES: Final[dict[str, type[ASTValidationRule]]] = {rule.__name__: rule for rule in specified_rules}
ALL: Final = {**CASES, **VALUE_CASES}
INVALID: Final = [(rule, text) for rule, cases in ALL.items() for text in cases.invalid]
VALID: Final = [(rule, text) for rule, cases in ALL.items() for text in cases.valid]
MOST_ERRORS: Final = 20


class Endpoint:
    """The application with and without introspection.

    Args:
        url: Address of the database.
    """

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self.run(execute(url, TABLES))
        self._clients = [self._client(url, shown) for shown in (False, True)]
        schema = fraiseql.build_schema(**APPLICATION)
        self.schema: GraphQLSchema = schema.graphql

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def _client(self, url: str, shown: bool) -> Client:
        app = fraiseql.create_app(
            database_url=url,
            introspection=shown,
            **APPLICATION,
        )
        return self.run(self._stack.enter_async_context(Client(app)))

    def ask(self, text: str, *, shown: bool = True) -> Answer:
        """Send a document."""
        several = any(f"{kind} B" in text for kind in ("query", "mutation", "subscription"))
        name = "A" if "query A" in text or several else None
        answer: Answer = self.run(self._clients[shown].execute(text, operation_name=name))
        return answer

    def close(self) -> None:
        self.run(self._stack.aclose())
        self.loop.close()


@pytest.fixture(scope="module")
def endpoint(database: str) -> Iterator[Endpoint]:
    running = Endpoint(database)
    yield running
    running.close()


def verdict(
    schema: GraphQLSchema, text: str, names: list[str], *, shown: bool = True
) -> list[dict[str, Any]]:
    """Return the errors of graphql-core's rules, as a response has them."""
    rules = [RULES[name] for name in names]
    rules += [] if shown else [NoSchemaIntrospectionCustomRule]
    errors = validate(
        schema, parse(text), rules, max_errors=MOST_ERRORS, hide_suggestions=not shown
    )
    return [error.formatted for error in errors]


def without_codes(answer: Answer) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in error.items() if key != "extensions"}
        for error in answer.errors
    ]


def test_every_rule_has_cases() -> None:
    """A rule that graphql-core gains needs cases, and one that it loses leaves the list."""
    assert set(ALL) | set(UNREACHABLE) == set(RULES)
    for name, cases in ALL.items():
        assert cases.invalid, name
        assert cases.valid or name in DEFERRED, name


@pytest.mark.parametrize(("rule", "text"), INVALID)
def test_an_invalid_document_has_the_errors_of_the_rules(
    endpoint: Endpoint, rule: str, text: str
) -> None:
    assert rule in DEFERRED or verdict(endpoint.schema, text, [rule]), "the rule accepts it"
    names = [name for name in RULES if name not in DEFERRED]
    for shown in (True, False):
        expected = verdict(endpoint.schema, text, names, shown=shown)
        executed.clear()
        answer = endpoint.ask(text, shown=shown)
        assert without_codes(answer) == expected != []
        assert {error["extensions"]["code"] for error in answer.errors} == {
            "GRAPHQL_VALIDATION_FAILED"
        }
        assert (answer.status, answer.data, executed) == (400, None, [])


@pytest.mark.parametrize(("rule", "text"), VALID)
def test_a_valid_document_is_executed(endpoint: Endpoint, rule: str, text: str) -> None:
    assert verdict(endpoint.schema, text, [*RULES]) == [], rule
    answer = endpoint.ask(text)
    assert (answer.status, answer.errors) == (200, ())
    assert answer.data is not None


def test_a_hidden_schema_suggests_no_name(endpoint: Endpoint) -> None:
    """Some documents are near a name, and the same errors without it are different texts."""
    differing = [
        text
        for _, text in INVALID
        if endpoint.ask(text).errors != endpoint.ask(text, shown=False).errors
    ]
    assert len(differing) > 15
    for text in differing:
        messages = " ".join(error["message"] for error in endpoint.ask(text, shown=False).errors)
        assert "Did you mean" not in messages


def test_too_many_errors_end_the_validation(endpoint: Endpoint) -> None:
    text = "{ " + " ".join(f"a{number}" for number in range(30)) + " }"
    answer = endpoint.ask(text)
    names = [name for name in RULES if name not in DEFERRED]
    assert without_codes(answer) == verdict(endpoint.schema, text, names)
    assert len(answer.errors) == MOST_ERRORS + 1


@pytest.mark.parametrize("text", ["subscription { being { name } }", "subscription A { a b }"])
def test_an_unreachable_rule_is_refused_earlier(endpoint: Endpoint, text: str) -> None:
    (error,) = endpoint.ask(text).errors
    assert error["extensions"]["code"] == "OPERATION_NOT_SUPPORTED"
