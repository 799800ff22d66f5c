"""Facts of the statements of a plan, for events."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.catalog.picture import quote
from fraiseql.database import caller
from fraiseql.events import StatementFacts
from fraiseql.schema import Schema
from fraiseql.schema.storage import Projection
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.execution.run import CompiledRoot
from fraiseql.serving.preparation.serving_plan import ServingPlan
from fraiseql.serving.sql import Parameter
from fraiseql.sources import Source, SourceMap

LIVE: Final = "live"


@dataclass(frozen=True, slots=True, eq=False)
class PlanFacts:
    """Finds the facts of the statements that a plan runs.

    Attributes:
        serving: The plan.
        schema: The declarations.
        sources: The sources that it reads.
    """

    serving: ServingPlan
    schema: Schema
    sources: SourceMap

    def __call__(self, sql: str) -> StatementFacts:
        """Return the facts of a statement.

        Args:
            sql: Its text.
        """
        source = self._source(sql)
        for root in self._roots():
            for statement in root.statements():
                if statement.text == sql:
                    secret = self._secret(statement.parameters)
                    return StatementFacts(source, root.key, secret)
        return StatementFacts(source, caller.get())

    def _roots(self) -> Iterator[CompiledRoot]:
        yield from self.serving.compiled.sql
        for node in self.serving.compiled.nodes:
            yield from node.compiled()
        if self.serving.split is not None:
            for part in self.serving.split.parts:
                yield from part.serving.compiled.sql

    def _source(self, sql: str) -> str:
        """Return the kind of a statement's source, by the stored relations in its text."""
        for name, source in self.sources.sources.items():
            if _reads_stored(source, sql):
                return self._kind(name, source)
        return LIVE

    def _kind(self, type_name: str, source: Source) -> str:
        if source.stored is not None and source.stored.place == "row":
            return "generated"
        definition = self.schema.objects.get(type_name)
        stored = None if definition is None else definition.stored
        return "projection" if isinstance(stored, Projection) else "view"

    def _secret(self, parameters: tuple[Parameter, ...]) -> frozenset[int]:
        names = self.schema.private_names
        return frozenset(
            position
            for position, parameter in enumerate(parameters)
            if not names.isdisjoint(_names(parameter))
        )


def _reads_stored(source: Source, sql: str) -> bool:
    stored = source.stored
    if stored is None or stored.relation.sql not in sql:
        return False
    return stored.place != "row" or stored.document is None or quote(stored.document) in sql


def _names(parameter: Parameter) -> Iterator[str]:
    """Yield the names of the field, argument and filter that a parameter belongs to."""
    yield from parameter.name.split(".")
    for item in _items(parameter.source):
        if isinstance(item, ValueRef):
            yield item.name
            yield from (step for step in item.path if isinstance(step, str))


def _items(source: Any) -> Iterator[Any]:
    yield from source if isinstance(source, list | tuple) else (source,)
