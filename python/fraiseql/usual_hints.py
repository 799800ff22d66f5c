"""Hints of errors that clients cause, by code."""

from typing import Any, Final

HINTS: Final = {
    "BAD_CURSOR": "Send a cursor as it was received, with the same order.",
    "BAD_REQUEST": "Send a request of the form that GraphQL over HTTP defines.",
    "BAD_USER_INPUT": "Correct the value; the schema has its type.",
    "CHECK_VIOLATION": "Send a value that the check accepts.",
    "CROSS_SITE_REQUEST": "Send the header Content-Type: application/json.",
    "DOCUMENT_TOO_DEEP": "Nest fewer fields, or ask in several requests.",
    "DOCUMENT_TOO_LARGE": "Send a shorter document, with values in variables.",
    "EXCLUSION_VIOLATION": "Send a value that no other row excludes.",
    "FORBIDDEN": "Ask for less, or with the rights that this needs.",
    "FOREIGN_KEY_VIOLATION": "Refer to a row that exists.",
    "GRAPHQL_PARSE_FAILED": "Correct the syntax of the document at the location.",
    "GRAPHQL_VALIDATION_FAILED": "Compare the document and its variables with the schema.",
    "LIST_TOO_LONG": "Ask for fewer items, with limit or first.",
    "METHOD_NOT_ALLOWED": "Use a method that the header Allow names.",
    "NOT_ACCEPTABLE": "Accept application/graphql-response+json or application/json.",
    "NOT_FOUND": "Correct the path of the URL.",
    "NOT_NULL_VIOLATION": "Send a value that is not null.",
    "OPERATION_NOT_FOUND": "Send operationName, the name of one operation of the document.",
    "OPERATION_NOT_SUPPORTED": "Send a query, or a mutation by POST if the schema has one.",
    "PERSISTED_QUERY_NOT_FOUND": "Send the document together with its hash.",
    "REQUEST_TIMEOUT": "Ask for less in one request.",
    "REQUEST_TOO_LARGE": "Send a smaller body, or several requests.",
    "RESPONSE_TOO_LARGE": "Ask for fewer rows or fields.",
    "ROW_NOT_FOUND": "Send the key of a row that exists and that you may see.",
    "SERIALIZATION_FAILURE": "Send the operation again.",
    "TOO_COMPLEX": "Ask for fewer fields, or for smaller pages with limit or first.",
    "TOO_MANY_ALIASES": "Ask for fewer fields of one name, or in several requests.",
    "TOO_MANY_ROWS": "Narrow the filter, so that it matches fewer rows.",
    "UNAUTHENTICATED": "Send valid credentials.",
    "UNIQUE_VIOLATION": "Send a value that no other row has, or change that row.",
    "UNKNOWN_FIELD": "Use a field that the type has.",
    "UNKNOWN_OPERATOR": "Use an operator that the field has.",
    "UNSUPPORTED_MEDIA_TYPE": "Send the header Content-Type: application/json.",
    "VALUE_TOO_LONG": "Send a shorter text.",
    "WHERE_EMPTY": "Send a condition; to write all rows, send all: true instead.",
}
"""What a client may do. Codes of a developer's function, or of the server, have none here."""


def with_usual_hint(extensions: dict[str, Any]) -> dict[str, Any]:
    """Return the extensions of an error, with the usual hint if they have none."""
    usual = HINTS.get(extensions["code"])
    if usual is not None and "hint" not in extensions:
        extensions["hint"] = usual
    return extensions
