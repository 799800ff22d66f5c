"""SQL of filters; every value of a request is a parameter."""

from collections.abc import Sequence

from fraiseql.catalog.picture import quote
from fraiseql.expressions import (
    column_sql,
    equals,
    expression,
    infix,
    literal,
    placeholder,
    rounded,
    tested,
    text_expression,
    text_operator,
)
from fraiseql.field_access import FieldAccess, is_rounded, wire_type
from fraiseql.operators import FILTER_OPERATORS, FilterOperator
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.fields import OWN_OPERATORS
from fraiseql.serving.planning.filter_tree import (
    FieldComparison,
    Filter,
    Group,
    Negation,
    NullTest,
    RelatedRows,
)
from fraiseql.serving.planning.reads import KEY
from fraiseql.serving.sql.index_hints import (
    CURSOR_VALUE,
    UNHINTED,
    HintPoint,
    IndexHint,
    Nullness,
    hint_for_constant,
    may_have_hint,
)
from fraiseql.serving.sql.parameters import Parameter
from fraiseql.sql_names import fn, op, ty


class ConditionWriter:
    """Writes the condition of one relation and collects its parameters.

    Args:
        alias: Alias of the relation in the statement.
        parameters: Parameters of the statement so far; new ones are appended.
        hints: Hints for the comparisons whose SQL depends on a request's value, in the order of
            their writing; missing ones are written for any value.
        keys: Alias of the row with the values of a list of keys; empty without such a list.

    Attributes:
        parameters: The same parameters.
        points: The comparisons whose SQL depends on a value, in the order of their writing.
        listed: Numbers of the parameters that are lists, of which a row around has one value each.
    """

    def __init__(
        self,
        alias: str,
        parameters: list[Parameter],
        hints: Sequence[IndexHint] = (),
        *,
        keys: str = "",
    ) -> None:
        self._alias = alias
        self._level = 0
        self.parameters = parameters
        self._hints = hints
        self.points: list[HintPoint] = []
        self._keys = keys
        self.listed: list[int] = []

    def condition(self, part: Filter) -> str:
        """Return the SQL of ``part``, safe as an operand of AND, OR and NOT."""
        if isinstance(part, FieldComparison):
            return self._comparison(part)
        if isinstance(part, NullTest):
            word = "IS NOT NULL" if part.negated else "IS NULL"
            return f"{tested(self._alias, part.access)} {word}"
        if isinstance(part, Negation):
            return f"({self.condition(part.part)}) IS NOT TRUE"
        if isinstance(part, RelatedRows):
            return self._related(part)
        return self._group(part)

    def nested(self, part: Filter, alias: str, level: int) -> str:
        """Return the SQL of a filter of other rows, inside of the statement.

        Args:
            part: The filter.
            alias: Alias of their relation.
            level: Number of the aliases around it.
        """
        outer = self._alias, self._level
        self._alias, self._level = alias, level
        condition = self.condition(part)
        self._alias, self._level = outer
        return condition

    def _related(self, part: RelatedRows) -> str:
        outer = self._alias
        self._level += 1
        self._alias = inner = f"t{self._level}"
        tests = [
            f"{inner}.{quote(own.name)} {equals(own, other)} {outer}.{quote(other.name)}"
            for own, other in part.join
        ]
        tests += [f"({part.condition})"] if part.condition else []
        matched = self.condition(part.part)
        if part.quantifier == "every":
            matched = f"({matched}) IS NOT TRUE"
        self._alias = outer
        self._level -= 1
        word = "EXISTS" if part.quantifier == "some" else "NOT EXISTS"
        tests.append(matched)
        return f"{word} (SELECT FROM {part.relation.sql} AS {inner} WHERE {' AND '.join(tests)})"

    def _group(self, group: Group) -> str:
        if not group.parts:
            return "true" if group.joiner == "and" else "false"
        joined = f" {group.joiner.upper()} ".join([self.condition(part) for part in group.parts])
        return joined if len(group.parts) == 1 else f"({joined})"

    def _comparison(self, part: FieldComparison) -> str:
        access, operator = part.access, part.operator
        if operator == "is_null":
            return self._null_form(part)
        row = FILTER_OPERATORS[operator]
        own = access.form in OWN_OPERATORS or row.kind == "own_type"
        if own or (may_have_hint(access, operator) and not is_rounded(access)):
            return self._own_form(part, row) if own else self._hinted_form(part)
        if row.kind in ("text", "search"):
            return self._pattern_form(part) if row.kind == "text" else self._search_form(part)
        if is_rounded(access):
            return self._rounded_form(part)
        left = expression(self._alias, access)
        if row.quantifier:
            values = self._placeholder(part, array=True)
            return f"{left} {infix(access, row.sql)} {row.quantifier}({values})"
        value = self._placeholder(part, array=False)
        return f"{left} {infix(access, row.sql)} {value}"

    def _own_form(self, part: FieldComparison, row: FilterOperator) -> str:
        """Return a comparison of an array or of JSON."""
        access, column = part.access, column_sql(self._alias, part.access)
        if row.kind == "own_type":
            return self._typed_form(part, row)
        if row.kind == "length":
            self.parameters.append(Parameter(part.value, "int8", name=access.name))
            number = f"${len(self.parameters)}::{ty('int8')}"
            return f"{fn('cardinality')}({column}) {op(row.sql)} {number}"
        if row.kind == "json_path":
            return self._path_form(part, row)
        listed = row.kind in ("items", "json_keys")
        wire = "json" if row.kind == "json" else "text"
        self.parameters.append(Parameter(part.value, wire, listed, name=access.name))
        value = f"${len(self.parameters)}::{ty('text')}{'[]' if listed else ''}"
        if row.kind in ("items", "item"):
            items = value if listed else f"ARRAY[{value}]"
            return f"{column} {op(row.sql)} {items}::{access.column.base_sql}"
        left = self._json(access)
        cast = f"::{ty('jsonb')}" if row.kind == "json" else ""
        return f"{left} {op(row.sql)} {value}{cast}"

    def _json(self, access: FieldAccess) -> str:
        column = column_sql(self._alias, access)
        return f"({column} {op('->')} {literal(access.name)})" if access.in_document else column

    def _path_form(self, part: FieldComparison, row: FilterOperator) -> str:
        """Return a test by a jsonpath, whose errors at run time count as no match."""
        path = self._parsed(part, ty(row.cast))
        return f"{self._json(part.access)} {op(row.sql)} {path}"

    def _typed_form(self, part: FieldComparison, row: FilterOperator) -> str:
        """Return a comparison with a value of the column's type, or of another one, as text."""
        column = part.access.column
        cast = f"{quote(column.operators)}.{row.cast}" if row.cast else column.base_sql
        if column.base_type == "cidr":
            cast = ty("inet")
        sign = op(row.sql, column.operators)
        return f"{column_sql(self._alias, part.access)} {sign} {self._parsed(part, cast)}"

    def _parsed(self, part: FieldComparison, cast: str) -> str:
        """Return a text of a request that PostgreSQL parses."""
        self.parameters.append(Parameter(part.value, "text", name=part.access.name, parsed=True))
        return f"${len(self.parameters)}::{ty('text')}::{cast}"

    def _rounded_form(self, part: FieldComparison) -> str:
        """Return a comparison of the double that a client reads, with bounds for an index."""
        access, row = part.access, FILTER_OPERATORS[part.operator]
        left, array = rounded(self._alias, access), bool(row.quantifier)
        value = self._numbered(part, "float8", array=array)
        if array:
            return f"{left} {op(row.sql)} {row.quantifier}({value})"
        parts = [f"{left} {op(row.sql)} {value}"]
        if access.column.base_type == "numeric":
            column = column_sql(self._alias, access)
            for sign, side in row.bounds:
                parts.append(f"{column} {op(sign)} {self._numbered(part, 'numeric', side=side)}")
        return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"

    def _numbered(
        self, part: FieldComparison, wire: str, *, array: bool = False, side: str = ""
    ) -> str:
        self.parameters.append(Parameter(part.value, wire, array, side=side, name=part.access.name))
        return f"${len(self.parameters)}::{ty(wire)}{'[]' if array else ''}"

    def _pattern_form(self, part: FieldComparison) -> str:
        """Return a comparison of the value's text in a response."""
        row = FILTER_OPERATORS[part.operator]
        self.parameters.append(
            Parameter(part.value, "text", pattern=row.pattern, name=part.access.name)
        )
        left, sign = text_expression(self._alias, part.access), row.sql
        return f"{left} {text_operator(part.access, sign)} ${len(self.parameters)}::{ty('text')}"

    def _search_form(self, part: FieldComparison) -> str:
        """Return a full-text search; PostgreSQL reads every text as a query."""
        access = part.access
        assert access.filter is not None and access.filter.search is not None  # noqa: S101, PT018
        config = f"{literal(access.filter.search)}::{ty('regconfig')}"
        self.parameters.append(Parameter(part.value, "text", name=access.name))
        words = f"{fn('websearch_to_tsquery')}({config}, ${len(self.parameters)}::{ty('text')})"
        if access.column.base_type == "tsvector" and not access.in_document:
            return f"{column_sql(self._alias, access)} {op('@@')} {words}"
        text = text_expression(self._alias, access)
        return f"{fn('to_tsvector')}({config}, {text}) {op('@@')} {words}"

    def _null_form(self, part: FieldComparison) -> str:
        """Return the SQL of ``is_null`` with a request's value."""
        left = tested(self._alias, part.access)
        parameter = Parameter(part.value, "bool", name=part.access.name)
        hint = self._hint(part, parameter)
        if hint.literal:
            return f"{left} {hint.literal}"
        self.parameters.append(parameter)
        return f"({left} IS NULL) {op('=')} ${len(self.parameters)}::{ty('bool')}"

    def _hinted_form(self, part: FieldComparison) -> str:
        """Return a comparison with a hint for an index, true for the same rows."""
        access, operator = part.access, part.operator
        parameter = Parameter(part.value, wire_type(access), name=access.name)
        hint = self._hint(part, parameter)
        value = hint.literal or self._placeholder(part, array=False)
        left = expression(self._alias, access)
        parts = [f"{left} {infix(access, FILTER_OPERATORS[operator].sql)} {value}"]
        parts += [f"{left} {bound}" for bound in hint.bounds]
        if hint.contained:
            parts.append(self._containment(access, value, hint))
        return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"

    def nullness(self, access: FieldAccess, parameter: Parameter) -> Nullness:
        """Return whether a cursor's value is null; empty for the value of any request."""
        if isinstance(parameter.source, ValueRef):
            hint = self._pointed(HintPoint(access, CURSOR_VALUE, parameter))
        else:
            hint = hint_for_constant(access, CURSOR_VALUE, parameter)
        return hint.nullness

    def _hint(self, part: FieldComparison, parameter: Parameter) -> IndexHint:
        if not isinstance(part.value, ValueRef):
            return hint_for_constant(part.access, part.operator, parameter)
        if self._is_listed(part):
            return UNHINTED
        return self._pointed(HintPoint(part.access, part.operator, parameter))

    def _pointed(self, point: HintPoint) -> IndexHint:
        self.points.append(point)
        number = len(self.points)
        return self._hints[number - 1] if number <= len(self._hints) else UNHINTED

    def _containment(self, access: FieldAccess, value: str, hint: IndexHint) -> str:
        column, key = column_sql(self._alias, access), literal(access.name)
        tests = [
            f"{column} {op('@>')} {fn('jsonb_build_object')}({key}, {form.format(value)})"
            for form in hint.contained
        ]
        return tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})"

    def _placeholder(self, part: FieldComparison, *, array: bool) -> str:
        access = part.access
        listed = self._is_listed(part)
        parameter = Parameter(part.value, wire_type(access), array or listed, name=access.name)
        self.parameters.append(parameter)
        number = len(self.parameters)
        sql = placeholder(number, access, array=array)
        if not listed:
            return sql
        self.listed.append(number)
        return f"{self._keys}.v{sql.removeprefix('$')}"

    def _is_listed(self, part: FieldComparison) -> bool:
        """Return whether a value is one of a list of keys."""
        return bool(self._keys) and isinstance(part.value, ValueRef) and part.value.name == KEY
