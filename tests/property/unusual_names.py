"""Names stage: tables whose columns are named as what the framework's own SQL names."""

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from keyword import iskeyword
from typing import Any, Final

import asyncpg

import fraiseql
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.caching.strategies.projection.strategy import process_queue
from fraiseql.caching.verify import repair, verify
from fraiseql.naming import to_camel
from fraiseql.schema.cache import Cache
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection
from fraiseql.serving import Request
from tests.cache_environment import apply_schema
from tests.integration.caching.ddl.env import migrating
from tests.integration.serving.results.env import outcomes, respond
from tests.integration.serving.served import Served

DEEP: Final = ("above", "boxes", "boxes.items")
BY_HAND: Final = "SELECT id, shelf_id, place FROM shelf"

STRATEGIES: Final[dict[str, Any]] = {
    "live": None,
    "generated": GeneratedColumn(column="kept"),
    "projection": Projection(embeds=DEEP),
    "text": Projection(embeds=DEEP, text=True),
    "statement": Projection(embeds=DEEP, mode="statement"),
    "async": Projection(embeds=DEEP, mode="async"),
    "view": MaterializedView(refresh="1h"),
    "query": MaterializedView(sql=BY_HAND, refresh="1h"),
}
"""Every way in which documents are kept."""

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL: Final = re.compile(r"(?<![\w\"])([a-z][a-z0-9_]{0,20})\.|\bAS \"?([a-z][a-z0-9_]{0,20})")
_SYSTEM: Final = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"})
_OWN: Final = frozenset(
    {"id", "shelf_id", "box_id", "place", "kept", "mood", "boxes", "items", "above"}
)
_DIGEST: Final = re.compile(r"[0-9a-f]{10}")
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"

_OBJECTS: Final = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TYPE pair AS (a int, v int); CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE shelf (id int UNIQUE NOT NULL, shelf_id int REFERENCES shelf (id), place int,
  mood mood{columns}, PRIMARY KEY (id{key}));
CREATE TABLE box (id int PRIMARY KEY, shelf_id int REFERENCES shelf (id), place int{columns});
CREATE TABLE item (id int PRIMARY KEY, box_id int REFERENCES box, place int{columns})
  PARTITION BY HASH (id);
CREATE TABLE item_0 PARTITION OF item FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE item_1 PARTITION OF item FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX ON shelf (shelf_id); CREATE INDEX ON box (shelf_id); CREATE INDEX ON item (box_id);
INSERT INTO shelf SELECT n, nullif(n / 2, 0), n, CASE n WHEN 3 THEN 'good'::mood END
FROM generate_series(1, 4) n;
INSERT INTO box SELECT n, 1 + n % 4, n FROM generate_series(1, 9) n;
INSERT INTO item SELECT n, 1 + n % 9, n FROM generate_series(1, 20) n;
"""
WRITES: Final = (
    "UPDATE item SET place = place + 100 WHERE id % 3 = 0",
    "UPDATE box SET shelf_id = 2 WHERE id = 5; DELETE FROM item WHERE id = 7",
    "INSERT INTO shelf VALUES (9, 1, 9); INSERT INTO box VALUES (90, 9, 1)",
    "UPDATE shelf SET place = 50 WHERE id = 1; DELETE FROM shelf WHERE id = 4 AND false",
)


_UNSEEN: Final = """ALTER TABLE shelf DISABLE TRIGGER USER;
UPDATE shelf SET place = 60 WHERE id = 3;
DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'shelf'::regclass AND NOT tgisinternal
  LOOP EXECUTE format('ALTER TABLE shelf ENABLE ALWAYS TRIGGER %I', t); END LOOP; END $$"""


def damage(stored: Any) -> str:
    """Return what makes one kept document another than the live one, without a trace."""
    if isinstance(stored, GeneratedColumn):
        return "ALTER TYPE mood RENAME VALUE 'good' TO 'fine'"
    if isinstance(stored, MaterializedView):
        return "UPDATE shelf SET place = 60 WHERE id = 3; DELETE FROM fraiseql.changes"
    return _UNSEEN


def words_of(texts: Iterable[str]) -> list[str]:
    """Return every word of SQL texts as it is and in lower case, and every letter."""
    names = {word for text in texts for word in _WORD.findall(text)}
    names = {word for word in names if len(word) < 40 and not _DIGEST.search(word)}
    names |= {word.lower() for word in names} | set(LETTERS) | set(LETTERS.upper())
    return sorted(names - _SYSTEM - _OWN)


def labels_of(texts: Iterable[str]) -> list[str]:
    """Return words that stand as an alias or in front of a dot, which can be fields."""
    labels = {word for text in texts for pair in _LABEL.findall(text) for word in pair}
    usable = labels - _SYSTEM - _OWN - {""}
    return sorted(name for name in usable if not name.endswith("_") and not iskeyword(name))


_RELATED: Final = """, boxes: {every: {items: {none: {place: {lt: -1}}}}},
  not: {above: {place: {gt: 100000}}}"""
"""Filters of related rows that every row passes."""


def _part(stored: Any) -> str:
    """Return arguments of a list that leave it as it is: live ones, or a part of what is kept."""
    if stored is None:
        return "(where: {items: {none: {place: {lt: -1}}}}, orderBy: [{id: DESC}], offset: 0)"
    return "(limit: 50)" if isinstance(stored, Projection) and not stored.text else ""


def _declare(name: str, source: str, more: Any, stored: Any = None, **body: Any) -> Any:
    fields = {"__annotations__": {"id": int, "place": int | None, **more}, **body}
    type_ = type(name, (), {"__module__": __name__, **fields})
    return fraiseql.type(name=name, sql_source=source, stored=stored)(type_)


@fraiseql.query(cache=Cache(tags=("box.shelf_id={shelf}",)))
async def in_shelf(info: fraiseql.Info, shelf: int) -> int:
    """Count boxes, kept until rows with this very value change."""
    return int(
        await info.context["db"].fetchval("SELECT count(*) FROM box WHERE shelf_id = $1", shelf)
    )


class Stage:
    """A database whose tables have columns called ``names``, all of one type.

    ``tables_more`` makes more tables, and ``where`` is the predicate of the boxes.

    Args:
        url: Address of the database.
        names: Columns beside those that are read.
        kind: SQL type of them.
        declared: Those that are fields.
        keyed: Whether the root's key has all of them.
    """

    def __init__(
        self,
        url: str,
        names: Sequence[str],
        kind: str,
        declared: Sequence[str] = (),
        *,
        keyed: bool = False,
    ) -> None:
        self.url = url
        self.names = names
        self.kind = kind
        self.declared = declared
        self.keyed = keyed
        self.tables_more = ""
        self.where = "place < 1000"
        self.cached = False

    def tables(self) -> str:
        columns = "".join(f', "{name}" {self.kind}' for name in self.names)
        key = "".join(f', "{name}"' for name in self.names) if self.keyed else ""
        return _OBJECTS.format(columns=columns, key=key) + self.tables_more

    def types(self, stored: Any) -> tuple[Any, ...]:
        """Declare the root, kept in one way, with what it embeds."""
        more = dict.fromkeys(self.declared, int | None)
        item = _declare("Item", "item", more)
        box = _declare(
            "Box",
            "box",
            {**more, "items": list[item]},
            items=fraiseql.embed("item", on="box_id", order_by="id", where="place > 0", limit=50),
        )
        above = _declare("Above", "shelf", more)
        if isinstance(stored, MaterializedView) and stored.sql:
            return (_declare("Shelf", "mv_shelf", {}, stored=stored),)
        if isinstance(stored, GeneratedColumn):
            return (_declare("Shelf", "shelf", {"mood": str | None, **more}, stored=stored),)
        return (
            _declare(
                "Shelf",
                "shelf",
                {**more, "above": above | None, "boxes": list[box]},
                stored=stored,
                above=fraiseql.embed("shelf", via="shelf_id", target_key="id"),
                boxes=fraiseql.embed(
                    "box",
                    on="shelf_id",
                    parent_key="id",
                    order_by="-id",
                    where=self.where,
                    limit=50,
                ),
            ),
        )

    def query(self, stored: Any) -> str:
        """Return an operation that what is kept can answer by itself."""
        own = " ".join(["id", "place", *(to_camel(name) for name in self.declared)])
        items = f"items {{ {own} }}" if not isinstance(stored, MaterializedView) else ""
        below = f"above {{ {own} }} boxes{_part(stored)} {{ {own} {items} }}"
        if isinstance(stored, GeneratedColumn) or getattr(stored, "sql", None):
            own, below = (own if isinstance(stored, GeneratedColumn) else "id place"), ""
        related = _RELATED if stored is None or isinstance(stored, Projection) else ""
        order = "orderBy: [{place: DESC}, {id: ASC}], limit: 50"
        arguments = f"where: {{place: {{gt: 0}}{related}}}, {order}"
        return f"{{ shelves({arguments}) {{ {own} {below} }} }}"

    def expected(self, running: Served, stored: Any) -> list[dict[str, Any]]:
        """Return the answer to ``query``, from one plain statement for each table."""
        whole = not (isinstance(stored, GeneratedColumn) or getattr(stored, "sql", None))
        own = [] if getattr(stored, "sql", None) else self.declared
        listed = ", ".join(f'"{name}"' for name in ("id", "place", *own))
        shelves, boxes, items = (
            self._fetch(running, f"SELECT {listed}{parent} FROM {table} ORDER BY {order}")
            for table, parent, order in (
                ("shelf", ", shelf_id", "place DESC, id"),
                ("box", ", shelf_id", "id DESC"),
                ("item", ", box_id", "id"),
            )
        )

        def shown(row: dict[str, Any]) -> dict[str, Any]:
            return {to_camel(name): row[name] for name in ("id", "place", *own)}

        answer = []
        for shelf in shelves:
            document = shown(shelf)
            if whole:
                above = [row for row in shelves if row["id"] == shelf["shelf_id"]]
                document["above"] = shown(above[0]) if above else None
                document["boxes"] = [
                    shown(box)
                    | (
                        {}
                        if isinstance(stored, MaterializedView)
                        else {"items": [shown(i) for i in items if i["box_id"] == box["id"]]}
                    )
                    for box in boxes
                    if box["shelf_id"] == shelf["id"]
                ]
            answer.append(document)
        return answer

    def run(self, stored: Any, cache: Cache | None = None) -> None:
        """Make tables, apply, ask, write, compare and mend; every answer is the plain one."""
        types = self.types(stored)
        self.cached = cache is not None
        queries = [fraiseql.find("shelves", types[0], cache=cache), in_shelf]
        running = Served(self.url, worker=False, max_complexity=10**9, queries=queries)
        # Sessions that all steps share: a new one reads the catalog for as long as a step takes.
        sessions = AsyncExitStack()
        try:
            self.own = running.run(asyncpg.connect(self.url))
            sessions.push_async_callback(self.own.close)
            running.run(self.own.execute(self.tables()))
            running.run(apply_schema(self.url, running.service.schema))
            running.run(running.service.start())
            if stored is not None:
                opened = sessions.enter_async_context(migrating(self.url))
                self.writer, self.wishes = running.run(opened)
            self._compare(running, stored)
            kept = running.run(self._stored_types(stored, types))
            for write in WRITES:
                running.run(self.own.execute(write))
                running.run(self._settle(stored, kept))
                self._compare(running, stored)
            if stored is not None:
                self._mend(running, stored, types)
        finally:
            running.run(sessions.aclose())
            running.close()

    async def _stored_types(self, stored: Any, types: Sequence[Any]) -> Sequence[StoredType]:
        """Return what is kept, as it has to be now."""
        return () if stored is None else (await self.wishes(*types)).stored_types

    def _compare(self, running: Served, stored: Any) -> None:
        query = self.query(stored)
        report = running.run(running.service.explain(Request(query))).statements[0]
        assert ("live" not in report.source) == (stored is not None), report.source
        expected = self.expected(running, stored)
        (count,) = self._fetch(running, "SELECT count(*) AS n FROM box WHERE shelf_id = 2")
        for outcome in ("miss", "hit") if self.cached else ("",):
            response = respond(running, f"{query[:-1]} inShelf(shelf: 2) }}")
            answer = json.loads(response.body)
            assert answer["data"] == {"shelves": expected, "inShelf": count["n"]}, answer
            if outcome == "hit":
                assert outcomes(response) == {"shelves": "hit", "inShelf": "hit"}

    def _fetch(self, running: Served, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in running.run(self.own.fetch(sql))]

    async def _settle(self, stored: Any, kept: Sequence[StoredType]) -> None:
        """Bring what is not kept at commit up to now."""
        if isinstance(stored, MaterializedView):
            await refresh_view(self.writer, physical(kept[0]))
        elif isinstance(stored, Projection) and stored.mode == "async":
            await process_queue(kept[0], self.writer)

    def _mend(self, running: Served, stored: Any, types: Sequence[Any]) -> None:
        """Damage one document unseen: it is found, and mended."""
        kept = running.run(self._stored_types(stored, types))
        assert running.run(self._drift(kept)) == 0
        running.run(self.own.execute(damage(stored)))
        # The damage may have changed what the definition means.
        kept = running.run(self._stored_types(stored, types))
        assert running.run(self._drift(kept)) == 1
        assert running.run(repair(self.writer, kept)) == {"Shelf": 1}
        assert running.run(self._drift(kept)) == 0
        # The damage changed a definition, so that documents are read live until they are applied.
        running.run(apply_schema(self.url, running.service.schema))
        running.run(running.service.republish())
        self._compare(running, stored)

    async def _drift(self, kept: Sequence[StoredType]) -> int:
        """Return how many documents differ."""
        return sum(each.differing for each in await verify(self.writer, kept, sample=100.0))
