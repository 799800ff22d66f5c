"""Text form of a plan, one step per line."""

from collections.abc import Iterator

from fraiseql.schema.orders import with_direction
from fraiseql.serving.planning.filter_tree import (
    FieldComparison,
    Filter,
    Group,
    Negation,
    NullTest,
    RelatedRows,
)
from fraiseql.serving.planning.plan import (
    ConstantRoot,
    NodeRoot,
    OperationPlan,
    PythonRoot,
    RefusedRoot,
    Root,
    SqlRoot,
    StoredQuery,
)
from fraiseql.serving.planning.reads import Embedded, OrderTerm, RelationQuery, RelationRead
from fraiseql.sources import StoredSource

_STEP = "  "


def plan_text(plan: OperationPlan) -> str:
    """Return ``plan`` as indented lines: root fields, their reads, computed fields."""
    lines = [f"cost {_cost(plan)}"]
    keys = {
        entry["source"]["stream"]: entry["key"]
        for entry in plan.shape["nodes"][plan.shape["root"]]["fields"]
        if "stream" in entry["source"]
    }
    for root in plan.roots:
        lines += _root(keys[root.stream], root)
    for step in plan.computed.values():
        needs = ", ".join(step.needs)
        lines.append(f"{step.parent}.{step.definition.name}: Python, with {needs or 'nothing'}")
    return "\n".join(lines)


def _cost(plan: OperationPlan) -> str:
    terms = [[*[str(ref) for ref, _ in limits], str(n)] for limits, n in plan.cost.terms]
    return " + ".join([str(plan.cost.base), *[" x ".join(term) for term in terms]])


def _root(key: str, root: Root) -> Iterator[str]:
    if isinstance(root, ConstantRoot):
        yield f"{key}: known from the schema"
    elif isinstance(root, RefusedRoot):
        yield f"{key}: an error, {root.error.message}"
    elif isinstance(root, NodeRoot):
        yield f"{key}: by global id, {' or '.join(root.roots)}"
    elif isinstance(root, PythonRoot):
        yield f"{key}: Python, {root.definition.name}({', '.join(root.field.arguments)})"
    else:
        yield from _sql(key, root)


def _sql(key: str, root: SqlRoot) -> Iterator[str]:
    query = root.query
    rows = "rows" if root.many else "one row"
    if query.is_object:
        rows = f"a {query.outcome}"
    yield f"{key}: {rows} of {_name(query.read)}{_grouped(query)}"
    if query.where is not None:
        yield f"{_STEP}where {condition_text(query.where)}"
    yield from _tail(query)
    if root.stored is not None:
        yield f"{_STEP}from the {stored_text(root.stored)}; else live:"
    yield from _read(query.read, _STEP)


def _grouped(query: RelationQuery) -> str:
    if query.groups is None:
        return ""
    return f", grouped by {', '.join(access.name for access in query.groups.keys) or 'nothing'}"


def stored_text(stored: StoredQuery) -> str:
    """Return in words the stored source that a query reads."""
    source, fetched = stored.source, stored.query.read.fetched
    relation = f"{source.relation.schema}.{source.relation.name}"
    if source.place == "row":
        return f"generated column {source.document} of {relation}"
    if source.place == "beside":
        how = "by key for each row" if fetched is not None else "alone"
        return f"projection {relation}, {how}{_staleness(source)}"
    return f"{source.relation.kind} {relation}{_staleness(source)}"


def _staleness(source: StoredSource) -> str:
    freshness = source.freshness
    if freshness is None:
        return ""
    bound = "" if freshness.bound is None else f" beyond {freshness.bound:g} s"
    return f", when stale{bound}: {freshness.when_stale}"


def _tail(query: RelationQuery) -> Iterator[str]:
    if query.order:
        yield f"{_STEP}order {_order(query.order)}"
    if query.limit is not None:
        offset = "" if query.offset is None else f" offset {query.offset}"
        yield f"{_STEP}limit {query.limit}{offset}"


def _read(read: RelationRead, indent: str) -> Iterator[str]:
    if read.columns:
        yield f"{indent}columns {', '.join(read.columns)}"
    if read.document is not None:
        yield f"{indent}document {read.document.name}"
    for key, column in read.keys:
        yield f"{indent}key {key} of {column.name}"
    for embed in read.embeds:
        name = embed.name if embed.plain else f"{embed.name} as {embed.key}"
        yield f"{indent}{name}: {_embed(embed)}"
        yield from _read(embed.read, indent + _STEP)


def _embed(embed: Embedded) -> str:
    joined = " and ".join(f"{own} = outer {other}" for own, other in embed.join)
    parts = [f"{'rows' if embed.many else 'one row'} of {_name(embed.read)} where {joined}"]
    if embed.condition:
        parts.append(f"and ({embed.condition})")
    if embed.where is not None:
        parts.append(f"and {condition_text(embed.where)}")
    if embed.order:
        parts.append(f"order {_order(embed.order)}")
    if embed.limit is not None and embed.many:
        parts.append(f"limit {embed.limit}")
    if embed.offset is not None:
        parts.append(f"offset {embed.offset}")
    return " ".join(parts)


def _name(read: RelationRead) -> str:
    return f"{read.relation.schema}.{read.relation.name}"


def _order(terms: tuple[OrderTerm, ...]) -> str:
    return ", ".join(
        with_direction(
            term.name,
            ("-" if term.descending else "") + (f" nulls {term.nulls}" if term.nulls else ""),
        )
        for term in terms
    )


def condition_text(part: Filter) -> str:
    """Return a filter in words."""
    if isinstance(part, FieldComparison):
        return f"{part.access.name} {part.operator} {part.value}"
    if isinstance(part, NullTest):
        return f"{part.access.name} is {'not ' if part.negated else ''}null"
    if isinstance(part, Negation):
        return f"not ({condition_text(part.part)})"
    if isinstance(part, RelatedRows):
        name = f"{part.relation.schema}.{part.relation.name}"
        return f"{part.quantifier} of {name} ({condition_text(part.part) or 'any'})"
    return _group(part)


def _group(group: Group) -> str:
    inner = f" {group.joiner} ".join(condition_text(part) for part in group.parts)
    return inner if len(group.parts) == 1 else f"({inner})"
