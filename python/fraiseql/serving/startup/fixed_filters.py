"""Checks of the filters that ``find`` and ``find_one`` declare."""

from collections.abc import Iterator

from fraiseql.database import Pool
from fraiseql.errors import DatabaseUnavailable, DeclarationError, FraiseQLError
from fraiseql.expressions import placeholder, sent_as_text
from fraiseql.field_access import wire_type
from fraiseql.operators import FILTER_OPERATORS
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.pages import row_type
from fraiseql.serving.planning.filter_tree import FieldComparison, Filter, comparisons, related_rows
from fraiseql.serving.planning.filters import parse_filter
from fraiseql.serving.planning.relations import Relations
from fraiseql.serving.sql.parameters import Parameter, converter


async def prove_filters(pool: Pool, relations: Relations) -> None:
    """Convert the constants of every declared filter once, as each request will.

    Raises:
        DeclarationError: A name, an operator or a constant does not fit.
        DatabaseUnavailable: The database cannot be reached.
    """
    for definition in relations.schema.queries.values():
        if definition.where is None:
            continue
        try:
            await _prove(pool, relations, definition)
        except DatabaseUnavailable:
            raise
        except FraiseQLError as error:
            label = definition.label
            # PostgreSQL's own message about a value is the best explanation.
            refused = hasattr(error.__cause__, "sqlstate")
            text = str(error.__cause__) if refused else error.message
            raise DeclarationError(
                f"{label} has where={dict(definition.where)!r}: {text}",
                hint=error.hint or "Write constants that the fields can hold.",
            ) from error


async def _prove(pool: Pool, relations: Relations, definition: QueryDefinition) -> None:
    type_name = row_type(relations.schema.graphql, definition).name
    bound = relations.bound_relation(type_name)
    assert bound is not None  # noqa: S101 - find() demands a sql_source
    where = parse_filter(definition.where, relations.scope(type_name, bound))
    for comparison in _comparisons(where):
        await _prove_value(pool, comparison)


async def _prove_value(pool: Pool, comparison: FieldComparison) -> None:
    access, kind = comparison.access, FILTER_OPERATORS[comparison.operator].kind
    is_list, is_pattern = kind == "list", kind in ("text", "search")
    wire = "text" if is_pattern else wire_type(access)
    parameter = Parameter(comparison.value, wire, is_list, name=access.name)
    value = converter(parameter)(comparison.value)
    if is_pattern or not sent_as_text(access):
        return
    for item in value if is_list else [value]:
        # It reads no table; only PostgreSQL knows the values of its own types.
        await pool.fetch_bytes(f"SELECT {placeholder(1, access, array=False)}", [item])


def _comparisons(where: Filter) -> Iterator[FieldComparison]:
    for part in (where, *(rows.part for rows in related_rows(where))):
        yield from (each for each in comparisons(part) if isinstance(each, FieldComparison))
