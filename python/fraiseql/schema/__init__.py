"""Declarations and their GraphQL schema."""

from fraiseql.schema.aggregating import aggregate
from fraiseql.schema.assemble import Schema, build_schema
from fraiseql.schema.connecting import connection
from fraiseql.schema.declare import enum, input, interface, type  # noqa: A004 - the public names
from fraiseql.schema.definitions import ATTRIBUTE, MISSING
from fraiseql.schema.filter_options import Filter
from fraiseql.schema.filters import COMBINING, generated_kind, guarded_owner
from fraiseql.schema.guards import Guards
from fraiseql.schema.info import Info
from fraiseql.schema.leaves import ID, BigInt, leaf_form, shape_form
from fraiseql.schema.members import embed, field
from fraiseql.schema.mutations import mutation
from fraiseql.schema.named import scalar, union
from fraiseql.schema.nodes import nodes
from fraiseql.schema.queries import OrderBy, Where, query
from fraiseql.schema.requirements import Check, Requires
from fraiseql.schema.sql_functions import function
from fraiseql.schema.sql_queries import find, find_one, page
from fraiseql.schema.unset import UNSET
from fraiseql.schema.write_errors import WriteError, WriteRefused
from fraiseql.schema.writes import Writes

__all__ = [
    "ATTRIBUTE",
    "COMBINING",
    "ID",
    "MISSING",
    "UNSET",
    "BigInt",
    "Check",
    "Filter",
    "Guards",
    "Info",
    "OrderBy",
    "Requires",
    "Schema",
    "Where",
    "WriteError",
    "WriteRefused",
    "Writes",
    "aggregate",
    "build_schema",
    "connection",
    "embed",
    "enum",
    "field",
    "find",
    "find_one",
    "function",
    "generated_kind",
    "guarded_owner",
    "input",
    "interface",
    "leaf_form",
    "mutation",
    "nodes",
    "page",
    "query",
    "scalar",
    "shape_form",
    "type",
    "union",
]
