"""Check that all applications return the same answers."""

import http.client
import json
from collections.abc import Sequence
from typing import Any

from benchmarks.load import PATH
from benchmarks.operations import Operation
from benchmarks.processes import Application

HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class DisagreementError(Exception):
    """Two applications differ, or one did not answer."""


def ask(port: int, body: bytes) -> bytes:
    """Return the body of the answer.

    Raises:
        DisagreementError: The status is not 200.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("POST", PATH, body, HEADERS)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise DisagreementError(f"Status {response.status}: {content[:1000]!r}")
    return content


def check(applications: Sequence[Application], operation: Operation, count: int) -> int:
    """Compare the answers to ``count`` requests and return the size of the last answer.

    Raises:
        DisagreementError: Answers differ, or hold errors.
    """
    length = 0
    for value in operation.values(seed=7, count=count):
        first: Any = None
        for application in applications:
            content = ask(application.port, operation.body(value))
            answer = json.loads(content)
            first = answer if first is None else first
            if answer != first or "errors" in answer:
                raise DisagreementError(
                    f"{application.name} to {operation.name}({value}): {content[:500]!r};"
                    f" {applications[0].name}: {json.dumps(first)[:500]}"
                )
            length = len(content)
    return length


def check_documents(application: Application, operation: Operation, answered: Any) -> None:
    """Check that the ceiling sends the documents of ``answered``.

    Raises:
        DisagreementError: It does not.
    """
    value = next(operation.values(seed=7, count=1))
    sent = json.loads(ask(application.port, operation.body(value)))
    documents = answered if isinstance(answered, list) else [answered]
    if [document["id"] for document in sent] != [item["id"] for item in documents]:
        raise DisagreementError(f"{application.name} sends other documents at {operation.name}.")
