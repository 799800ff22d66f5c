"""Declarations with a changed option, from the text that advice writes."""

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fraiseql.errors import DeclarationError
from fraiseql.operating.advise.candidate import Candidate
from fraiseql.schema import Schema
from fraiseql.schema.cache import Cache
from fraiseql.schema.indexes import Gin, Index, RollingIndex
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection

_CLASSES: Final[Mapping[str, Any]] = {
    each.__name__: each
    for each in (Cache, GeneratedColumn, Gin, Index, MaterializedView, Projection, RollingIndex)
}


def declared_value(text: str) -> Any:
    """Return the value of a declaration's text: a call of a storage class with literals.

    Raises:
        DeclarationError: It is something else.

    Example:
        >>> declared_value('fraiseql.Projection(mode="async")').mode
        'async'
    """
    try:
        node = ast.parse(text, mode="eval").body
        assert isinstance(node, ast.Call)  # noqa: S101 - caught below
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        values = [ast.literal_eval(each) for each in node.args]
        options = {each.arg: ast.literal_eval(each.value) for each in node.keywords if each.arg}
        return _CLASSES[name](*values, **options)
    except (AssertionError, KeyError, SyntaxError, TypeError, ValueError) as error:
        raise DeclarationError(f"{text} is no declaration of storage.") from error


def with_option(schema: Schema, candidate: Candidate) -> Schema:
    """Return a schema with the option of a candidate.

    Raises:
        DeclarationError: The text of the candidate is no declaration.
    """
    value = candidate.declared or declared_value(candidate.declaration)
    if candidate.option == "cache":
        queries = {
            key: replace(query, cache=value) if query.name == candidate.target else query
            for key, query in schema.queries.items()
        }
        return replace(schema, queries=queries)
    definition = schema.objects[candidate.target]
    if candidate.option == "indexes":
        definition = replace(definition, indexes=(*definition.indexes, value))
    else:
        definition = replace(definition, stored=value)
    return replace(schema, objects={**schema.objects, candidate.target: definition})
