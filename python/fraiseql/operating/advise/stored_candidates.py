"""Candidates that store documents: generated columns, projections and views."""

from collections.abc import Iterator
from typing import Final

from graphql import get_named_type

from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.choice import AdviceProposal
from fraiseql.operating.advise.document_times import DocumentTimes
from fraiseql.operating.advise.embed_paths import Embeds, selected_embeds
from fraiseql.operating.advise.examined import ExaminedStatement
from fraiseql.operating.advise.predicting import prediction
from fraiseql.operating.advise.scans import embed_share
from fraiseql.operating.advise.situation import Situation, Times
from fraiseql.schema.definitions import ObjectDefinition, QueryDefinition

_STORED_BYTES: Final = 1.5
"""Bytes of a stored document for each of those that are selected of it."""

_MOST_SAVED: Final = 0.45
"""Share of a statement's time after the round trip that reading documents saves at most: 0.18 to
0.44 in the lists of ``python -m benchmarks.built_documents``."""

_UNSURE: Final = 4.0
_WHOLE: Final = 0.5
_ROW_MS: Final = 0.002
_REFRESH: Final = "5m"
_REFRESH_SECONDS: Final = 300.0
_TRIGGER_US: Final = 30.0
_MOST_BYTES: Final = 1_000_000
_FEW_ROWS: Final = 10.0


def saved_ms(ms: float, size: float, times: DocumentTimes) -> float:
    """Return the milliseconds that a statement saves if documents are read, not built.

    Args:
        ms: Its mean time now.
        size: Bytes that it selects.
        times: Times of documents, which are rough.
    """
    saved = size * max(times.build - _STORED_BYTES * times.read, 0.0)
    return min(saved, _MOST_SAVED * max(ms - times.floor, 0.0))


class StoredCandidates:
    """Makes candidates of the types of an application.

    Args:
        situation: The application, its trace and its database.
        now: Milliseconds of each statement after the indexes that are advised.
    """

    def __init__(self, situation: Situation, now: Times) -> None:
        self._schema = situation.schema
        self._facts = situation.facts
        self._times = situation.times
        self._situation = situation
        self._now = now

    def of(self, examined: ExaminedStatement) -> Iterator[AdviceProposal]:
        """Yield the proposals for a statement."""
        query = self._schema.queries.get(examined.statement.root)
        definition = None if query is None else self._type(query)
        if query is None or definition is None or definition.stored is not None:
            return
        if query.function is None and examined.statement.source == "live":
            embeds = embed_share(examined.plan)
            if embeds:
                yield self._projection(examined, definition, embeds)
            elif examined.statement.rows_per_call >= _FEW_ROWS and not definition.jsonb_column:
                yield self._generated(examined, definition)
        if query.function is not None and self._is_view(examined):
            yield self._view(examined, definition)

    def _type(self, query: QueryDefinition) -> ObjectDefinition | None:
        field = self._schema.graphql.query_type
        if field is None:
            return None
        named = get_named_type(field.fields[query.graphql_name].type)
        return self._schema.objects.get(named.name)

    def _projection(
        self, examined: ExaminedStatement, definition: ObjectDefinition, embeds: float
    ) -> AdviceProposal:
        statement, floor = examined.statement, self._times.floor
        now = self._now[statement.id]
        rows = max(now - floor, 0.0) * (1 - embeds)
        size = _STORED_BYTES * statement.bytes / statement.calls
        after = floor + rows + size * self._times.read
        documents = max(statement.rows_per_call, 1.0)
        recompute = max(now - floor, 0.0) * embeds / documents * 1_000 + _TRIGGER_US
        why = (
            f"{floor:.3f} ms of a round trip, {rows:.3f} ms to find the rows, and"
            f" {size:,.0f} bytes of stored documents"
        )
        return AdviceProposal(
            self._candidate(
                examined, definition, self._written(examined), "projection", size / documents
            ),
            {statement.id: prediction(statement.mean_ms, min(after, now), _UNSURE, why)},
            recompute,
            ms_per_second=self._others(examined, definition) * recompute / 1_000,
            notes=(f"A write to a table of its documents takes about {recompute:.0f} us more.",),
        )

    def _written(self, examined: ExaminedStatement) -> str:
        """Return the declaration of a projection with the embeds that operations select."""
        root = examined.statement.root
        embeds: Embeds = {}
        name = self._schema.queries[root].graphql_name
        for operation in examined.statement.operations:
            document = self._situation.workload.documents.get(operation, "")
            embeds |= selected_embeds(self._schema, document, name)
        deeper = any("." in path for path in embeds)
        unlimited = any(each.on and each.limit is None for each in embeds.values())
        options = []
        if deeper:
            paths = ", ".join(f'"{path}"' for path in embeds)
            options.append(f"embeds=({paths})")
        if unlimited:
            options.append(f"max_bytes={_MOST_BYTES:_}")
        return f"fraiseql.Projection({', '.join(options)})"

    def _generated(
        self, examined: ExaminedStatement, definition: ObjectDefinition
    ) -> AdviceProposal:
        statement = examined.statement
        now, size = self._now[statement.id], statement.bytes / statement.calls
        after = max(now - saved_ms(now, size, self._times), self._times.floor)
        why = f"{size:,.0f} bytes that are read, not built, in each run"
        text, rows = "fraiseql.GeneratedColumn()", max(statement.rows_per_call, 1.0)
        return AdviceProposal(
            self._candidate(examined, definition, text, "generated column", size / rows),
            {statement.id: prediction(statement.mean_ms, after, 2.0, why)},
            self._times.build * size / rows * 1_000,
        )

    def _candidate(
        self,
        examined: ExaminedStatement,
        definition: ObjectDefinition,
        text: str,
        kind: str,
        bytes_per_row: float,
    ) -> Candidate:
        statement = examined.statement
        table = self._table(definition)
        facts = self._facts.tables.get(table)
        return Candidate(
            "projection" if kind == "projection" else "generated column",
            definition.name,
            table,
            "stored",
            text,
            operations=statement.operations,
            statements=(statement.id,),
            lock="SHARE ROW EXCLUSIVE on its tables, for a moment"
            if kind == "projection"
            else "ACCESS EXCLUSIVE on the table, which is rewritten",
            size=round(_STORED_BYTES * bytes_per_row * (facts.rows if facts else 0)),
            schema=facts.schema if facts else "",
        )

    def _table(self, definition: ObjectDefinition) -> str:
        source = definition.sql_source or ""
        if source in self._facts.tables:
            return source
        bare = source.rpartition(".")[2]
        return next((name for name, facts in self._facts.tables.items() if facts.bare == bare), "")

    def _is_view(self, examined: ExaminedStatement) -> bool:
        """Return whether a statement aggregates most of a table for any request."""
        statement = examined.statement
        if any(name != "bigint" for name in statement.param_types) or "$" in _without_limit(
            statement.sql
        ):
            return False
        for scan in examined.scans:
            facts = self._facts.tables.get(scan.name)
            if facts and scan.aggregated and scan.rows > _WHOLE * facts.rows:
                return True
        return False

    def _view(self, examined: ExaminedStatement, definition: ObjectDefinition) -> AdviceProposal:
        statement, floor = examined.statement, self._times.floor
        now = self._now[statement.id]
        after = floor + statement.rows_per_call * _ROW_MS
        sql = " ".join(_without_limit(statement.sql).split()).rstrip("; ")
        text = f'fraiseql.MaterializedView(sql="""{sql}""", refresh="{_REFRESH}")'
        candidate = Candidate(
            "materialized view",
            definition.name,
            "",
            "stored",
            text,
            operations=statement.operations,
            statements=(statement.id,),
            lock="none on its tables",
            size=8_192,
        )
        why = f"{floor:.3f} ms of a round trip, and {statement.rows_per_call:.0f} stored rows"
        writes = self._situation.writes(examined.tables, 0.0)
        refresh = now / _REFRESH_SECONDS if writes else 0.0
        return AdviceProposal(
            candidate,
            {statement.id: prediction(statement.mean_ms, min(after, now), 2.0, why)},
            0.0,
            refresh,
            (
                f"Answers lag up to {_REFRESH} behind writes; a refresh takes about {now:.0f} ms.",
                f"Answer {statement.root} by fraiseql.find over {definition.name}.",
            ),
        )

    def _others(self, examined: ExaminedStatement, definition: ObjectDefinition) -> float:
        """Return the rows written per second to the tables of the embeds."""
        own = self._table(definition)
        return self._situation.writes((name for name in examined.tables if name != own), 0.0)


def _without_limit(sql: str) -> str:
    head, word, tail = sql.rpartition("LIMIT $")
    return head if word and tail.strip().isdigit() else sql
