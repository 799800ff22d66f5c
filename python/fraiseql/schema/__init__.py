"""Declarations and their GraphQL schema."""

from fraiseql.schema.assemble import Schema, build_schema
from fraiseql.schema.declare import enum, input, interface, type  # noqa: A004 - the public names
from fraiseql.schema.definitions import ATTRIBUTE, MISSING
from fraiseql.schema.filters import COMBINING, generated_kind
from fraiseql.schema.info import Info
from fraiseql.schema.leaves import ID, BigInt, leaf_form, shape_form
from fraiseql.schema.members import embed, field
from fraiseql.schema.named import scalar, union
from fraiseql.schema.queries import OrderBy, Where, find, find_one, query

__all__ = [
    "ATTRIBUTE",
    "COMBINING",
    "ID",
    "MISSING",
    "BigInt",
    "Info",
    "OrderBy",
    "Schema",
    "Where",
    "build_schema",
    "embed",
    "enum",
    "field",
    "find",
    "find_one",
    "generated_kind",
    "input",
    "interface",
    "leaf_form",
    "query",
    "scalar",
    "shape_form",
    "type",
    "union",
]
