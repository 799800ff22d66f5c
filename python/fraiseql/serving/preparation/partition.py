"""Partition of operations with cached root fields, each with its own plan."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import GraphQLError

from fraiseql.catalog import Relation
from fraiseql.results import CacheableField, Results
from fraiseql.schema import Check, Schema
from fraiseql.schema.cache import Cache
from fraiseql.schema.pages import row_type
from fraiseql.serving.document import Operation
from fraiseql.serving.planning import Planner
from fraiseql.serving.planning.arguments import ArgumentReader
from fraiseql.serving.planning.canonical import canonical_text
from fraiseql.serving.planning.denials import Denials, selected_names
from fraiseql.serving.planning.filter_tree import RelatedRows, related_rows
from fraiseql.serving.planning.plan import OperationPlan, SqlRoot
from fraiseql.serving.planning.reads import RelatedStep, RelationRead
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.serving.preparation.declared_code import DeclaredCode
from fraiseql.serving.preparation.fingerprint import fingerprint
from fraiseql.serving.preparation.serving_plan import RootPart, ServingPlan, Split, Variant


@dataclass(frozen=True, slots=True)
class Splitter:
    """Partitions operations by their root fields.

    Attributes:
        schema: The declared schema.
        planner: Plans root fields.
        compiled: Compiles a plan.
        results: The result caches.
        code: Digests of the Python code behind fields.
        denied: Checks that the request fails.
    """

    schema: Schema
    planner: Planner
    compiled: Callable[[OperationPlan], ServingPlan]
    results: Results
    code: DeclaredCode
    denied: Collection[Check] = frozenset()

    def split(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        raw: Mapping[str, Any],
        default: Cache | None,
    ) -> Split | None:
        """Return the root fields with their plans; None when none of them is cached.

        Args:
            operation: The validated operation.
            values: Coerced variables of the current request; only their signature is used.
            raw: The same variables as sent.
            default: The ``Cache`` of root fields without their own, or None.
        """
        collected = self.planner.collect(operation, values)
        if not any(self._cache(field, default) for field in collected.roots):
            return None
        parts = []
        for field in collected.roots:
            plan = self.planner.plan(
                operation, values, raw, collected=collected, only={field.key}, denied=self.denied
            )
            part = self._part(field, self.compiled(plan), operation, collected.arguments, default)
            parts.append(part)
        cached = any(part.default_variant or part.role_variant for part in parts)
        return Split.of(parts) if cached else None

    def _cache(self, field: SelectedField, default: Cache | None) -> Cache | None:
        if field.name.startswith("__"):
            return None
        if self.schema.queries[field.name].nodes is not None:
            return None
        declared = self.schema.queries[field.name].cache
        return default if declared is None else declared

    def _part(
        self,
        field: SelectedField,
        serving: ServingPlan,
        operation: Operation,
        arguments: ArgumentReader,
        default: Cache | None,
    ) -> RootPart:
        name = orjson.dumps(field.key) + b":"
        cache = self._cache(field, default)
        if cache is None or field.field is None:
            return RootPart(field.key, serving, name, {}, constant=field.field is None)
        try:
            sources = arguments.for_python(field.field, field.nodes[0])
        except GraphQLError:
            # The field always answers with this error.
            return RootPart(field.key, serving, name, {})
        part = self._described(field, serving, operation, cache)
        live = self._variant(part)
        stored = _from_stored(part, serving)
        default_variant = live if stored is part else self._variant(stored)
        return RootPart(field.key, serving, name, sources, default_variant, live)

    def _described(
        self, field: SelectedField, serving: ServingPlan, operation: Operation, cache: Cache
    ) -> CacheableField:
        assert field.field is not None  # noqa: S101 - the caller checked
        text, variables = canonical_text(field, operation.node)
        definition = self.schema.queries[field.name]
        if definition.where is not None:
            # Its constants are parameters, which are not in the text of the statement.
            text = f"{text} {definition.where!r}"
        outcomes = Denials(self.schema.guards, self.denied).outcomes(selected_names(field))
        if outcomes:
            text = f"{text} without {outcomes}"
        reads, filtered = list(_live_reads(serving)), list(_tested(serving))
        return CacheableField(
            definition=definition,
            cache=cache,
            text=f"{text} {fingerprint(serving.compiled, self.code)}".encode(),
            variables=variables,
            relations=_distinct([each.relation for each in reads] + _relations(filtered)),
            predicates=tuple(dict.fromkeys((*_predicates(reads), *_conditions(filtered)))),
            functions=tuple(sorted(set(_functions(serving)))),
            type_name=row_type(self.schema.graphql, definition).name,
        )

    def _variant(self, part: CacheableField) -> Variant | None:
        unit = self.results.field_cache(part)
        return None if unit is None else Variant(part, unit)


def _from_stored(part: CacheableField, serving: ServingPlan) -> CacheableField:
    """Return the part as it is answered from stored documents that may be stale."""
    for root in serving.compiled.plan.roots:
        stored = root.stored if isinstance(root, SqlRoot) else None
        if stored is not None and stored.source.freshness is not None:
            # The rows may be in the live relation, and their documents in the stored one.
            filtered = list(_tested(serving))
            read = [stored.query.read.relation, stored.source.relation]
            return replace(
                part,
                relations=_distinct(read + _relations(filtered)),
                predicates=tuple(dict.fromkeys(_conditions(filtered))),
                freshness=stored.source.freshness,
            )
    return part


def _live_reads(serving: ServingPlan) -> Iterator[RelationRead]:
    for root in serving.compiled.plan.roots:
        if isinstance(root, SqlRoot):
            yield from _with_embeds(root.query.read)


def _filtered(serving: ServingPlan) -> Iterator[RelatedRows]:
    """Yield the related rows that filters test."""
    for root in serving.compiled.plan.roots:
        if isinstance(root, SqlRoot):
            embeds = [each for read in _with_embeds(root.query.read) for each in read.embeds]
            for where in (root.query.where, *[embed.where for embed in embeds]):
                yield from () if where is None else related_rows(where)


def _tested(serving: ServingPlan) -> Iterator[RelatedRows | RelatedStep]:
    """Yield the related rows that filters test and orders read."""
    yield from _filtered(serving)
    yield from _ordered(serving)


def _ordered(serving: ServingPlan) -> Iterator[RelatedStep]:
    """Yield the related rows that orders read."""
    for root in serving.compiled.plan.roots:
        if isinstance(root, SqlRoot):
            embeds = [each for read in _with_embeds(root.query.read) for each in read.embeds]
            for order in (root.query.order, *[embed.order for embed in embeds]):
                for term in order:
                    yield from term.path


def _relations(filtered: Sequence[RelatedRows | RelatedStep]) -> list[Relation]:
    return [rows.relation for rows in filtered]


def _conditions(filtered: Sequence[RelatedRows | RelatedStep]) -> Iterator[tuple[str, str]]:
    for rows in filtered:
        if rows.condition:
            yield rows.relation.sql, rows.condition


def _with_embeds(read: RelationRead) -> Iterator[RelationRead]:
    yield read
    for embed in read.embeds:
        yield from _with_embeds(embed.read)


def _distinct(relations: list[Relation]) -> tuple[Relation, ...]:
    return tuple({relation.sql: relation for relation in relations}.values())


def _predicates(reads: list[RelationRead]) -> Iterator[tuple[str, str]]:
    for read in reads:
        for embed in read.embeds:
            if embed.condition:
                yield embed.read.relation.sql, embed.condition


def _functions(serving: ServingPlan) -> Iterator[str]:
    for step in serving.compiled.plan.computed.values():
        if step.definition.computed is not None and step.definition.computed.takes_info:
            yield f"{step.parent}.{step.definition.name}"
