"""Descriptions from docstrings, and ``info`` made by hand."""

import pytest

import fraiseql
from fraiseql.schema.docstrings import read_docstring


def test_sections_are_distinguished_from_text() -> None:
    docs = read_docstring(
        """Find users.

        Pipeline:
        1. Look.
        2. Answer.

        Args:
            info: Of the request.
            first_name (str): Starts with this: any
                case, any length.

            **rest: Other filters.

        Returns:
            A list: of users.

        Example:
            >>> users()

        Read more elsewhere.
        """
    )
    assert docs.description == (
        "Find users.\n\nPipeline:\n1. Look.\n2. Answer.\n\nRead more elsewhere."
    )
    assert docs.entries == {
        "info": "Of the request.",
        "first_name": "Starts with this: any case, any length.",
        "rest": "Other filters.",
    }


@pytest.mark.parametrize("text", [None, "", "   \n  "])
def test_nothing_gives_nothing(text: str | None) -> None:
    docs = read_docstring(text)
    assert docs.description is None
    assert docs.entries == {}


def test_info_outside_of_a_request_has_no_documents() -> None:
    info = fraiseql.Info(context={})
    with pytest.raises(RuntimeError, match="outside of a request"):
        info.document({"id": 1}, "User")


def test_info_builds_documents_by_the_function_of_the_pipeline() -> None:
    info = fraiseql.Info(context={}, make_document=lambda row, name: (name, row))
    assert info.document({"id": 1}, "User") == ("User", {"id": 1})
