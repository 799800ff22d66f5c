"""Stored documents are read only for roles with equal live answers."""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import fraiseql
from fraiseql.cli.main import main
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection
from fraiseql.serving import Request, Service
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import respond
from tests.integration.serving.served import Served
from tests.property.answers import counted

LOGIN, READER, GROUP, OTHER = "fql_login", "fql_reader", "fql_group", "fql_other"
ROLES = (LOGIN, READER, GROUP, OTHER)
TABLES = f"""
CREATE TABLE tb_row (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_part (id int PRIMARY KEY, row_id int NOT NULL, title text NOT NULL);
CREATE INDEX ON tb_part (row_id);
INSERT INTO tb_row SELECT n, 'row ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_part SELECT n, 1 + n % 3, 'part ' || n FROM generate_series(1, 9) n;
CREATE TABLE tb_viewed AS TABLE tb_row;
CREATE TABLE tb_column AS TABLE tb_row;
CREATE TABLE tb_called AS TABLE tb_row;
CREATE TABLE tb_queried AS TABLE tb_row;
CREATE TABLE tb_listed AS SELECT id FROM tb_part;
ALTER TABLE tb_viewed ADD PRIMARY KEY (id);
ALTER TABLE tb_column ADD PRIMARY KEY (id);
ALTER TABLE tb_called ADD PRIMARY KEY (id);
ALTER TABLE tb_queried ADD PRIMARY KEY (id);
CREATE FUNCTION lowered(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN lower($1);
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {LOGIN}, {READER};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {LOGIN}, {READER};
GRANT {READER} TO {LOGIN};
"""
COUNTS = (
    "SELECT r.id, max(r.name) AS name FROM tb_row r JOIN tb_part p ON p.row_id = r.id GROUP BY 1"
)
FIELDS = "id name"
PARTS = "id name parts { title }"
ASKED = {
    "Row": f"{{ rows {{ {PARTS} }} }}",
    "Viewed": f"{{ viewed {{ {PARTS} }} }}",
    "Count": f"{{ counts {{ {FIELDS} }} }}",
    "Column": f"{{ columns {{ {FIELDS} }} }}",
    "Called": f"{{ called {{ {PARTS} }} }}",
    "Queried": f"{{ queried {{ {PARTS} }} }}",
}
CONTEXT = {"role": READER, "session": {"app.tenant": "1"}}


@fraiseql.type(sql_source="tb_part")
class Part:
    id: int
    title: str


def _declared(name: str, source: str, stored: Any, **embed: Any) -> Any:
    fields: dict[str, Any] = {"id": int, "name": str}
    body: dict[str, Any] = {}
    if embed:
        fields["parts"] = list[Part]
        body["parts"] = fraiseql.embed("tb_part", on="row_id", parent_key="id", limit=9, **embed)
    type_ = type(name, (), {"__annotations__": fields, **body})
    return fraiseql.type(sql_source=source, stored=stored)(type_)


VIEW = MaterializedView(refresh="1h")
QUERIED = "id IN (SELECT l.id FROM tb_listed l)"
QUERIES = [
    fraiseql.find("rows", _declared("Row", "tb_row", Projection(), order_by="id")),
    fraiseql.find("viewed", _declared("Viewed", "tb_viewed", VIEW, order_by="-id")),
    fraiseql.find(
        "counts", _declared("Count", "totals", MaterializedView(sql=COUNTS, refresh="1h"))
    ),
    fraiseql.find("columns", _declared("Column", "tb_column", GeneratedColumn())),
    fraiseql.find("called", _declared("Called", "tb_called", VIEW, where="lowered(title) <> ''")),
    fraiseql.find("queried", _declared("Queried", "tb_queried", VIEW, where=QUERIED)),
]


class Rows(Served):
    """The rows, served by a role that owns nothing, with stored documents and without."""

    def __init__(self, owner: str, reads: Counter[str]) -> None:
        super().__init__(owner.replace("postgres@", f"{LOGIN}@"), queries=QUERIES, worker=False)
        self.owner = owner
        self.reads = reads
        schema, settings = self.service.schema, self.service.settings
        self.stored, self.live = self.service, Service(schema, settings)

    def change(self, sql: str) -> None:
        """Run SQL as the owner."""
        self.run(run_sql(self.owner, sql))

    def answer(self, service: Service, type_name: str) -> tuple[Any, dict[str, str]]:
        """Return the answer under the role, and why types are read live."""
        self.service = service
        response = respond(self, ASKED[type_name], context=dict(CONTEXT))
        answer = json.loads(bytes(response.body))
        answer.pop("extensions", None)
        for error in answer.get("errors", ()):
            del error["extensions"]["id"]
        return answer, dict(response.withheld)

    def check(self, withheld: dict[str, str]) -> None:
        """Compare answers with the live ones, and with why types are read live.

        Args:
            withheld: Reasons by type name; empty when all may be read as stored.
        """
        self.run(self.stored.republish())
        for service in (self.live, self.stored):
            # As happens within seconds: a connection that carries a role is not asked for it again.
            service.pool.outdate()
        for type_name in ASKED:
            reason = {"Called": "function", "Queried": "predicate", **withheld}.get(type_name)
            live, _ = self.answer(self.live, type_name)
            for _ in range(2):
                before = self.reads[type_name]
                answer, sources = self.answer(self.stored, type_name)
                assert answer == live
                assert sources == ({type_name: reason} if reason else {})
                assert self.reads[type_name] - before == (reason is None)


API = """
import fraiseql
from tests.integration.serving.test_stored_roles import QUERIES

app = fraiseql.create_app(queries=QUERIES, database_url={url!r}, worker=False)
"""


def prepare(api: str) -> None:
    """Apply the declarations, and grant the serving role the privileges to read them."""
    assert main(["db", "apply", api]) == 0
    assert main(["db", "grant", api, LOGIN]) == 0


@pytest.fixture(scope="module")
def api(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The application of the role that applies, for commands."""
    folder = tmp_path_factory.mktemp("stored_roles")
    # Modules are found by their names once they are loaded.
    path = folder / f"{folder.name}.py"
    path.write_text(API.format(url=database))
    return f"{path}:app"


@pytest.fixture(scope="module")
def rows(database: str, api: str) -> Iterator[Rows]:
    at_once(run_sql(database, *[f"CREATE ROLE {role} LOGIN" for role in ROLES], TABLES))
    with counted() as reads:
        reader = Rows(database, reads)
        prepare(api)
        reader.change(f"GRANT SELECT ON v_totals TO {LOGIN}, {READER}")
        for service in (reader.live, reader.stored):
            reader.run(service.start())
        yield reader
    reader.run(reader.live.stop())
    reader.close()
    named = ", ".join(ROLES)
    at_once(run_sql(database, f"DROP OWNED BY {named} CASCADE", f"DROP ROLE {named}"))


ALL = "tb_row, tb_viewed, tb_column, tb_called, tb_queried, v_totals"
EACH = dict.fromkeys(ASKED, "select")
WHOLE: dict[str, str] = {}
HIDE = f"REVOKE SELECT ON tb_row FROM {READER}"
SHOW = f"GRANT SELECT ON tb_row TO {READER}"
CHANGES: dict[str, tuple[str, str, dict[str, str]]] = {
    "revoked": (
        f"REVOKE SELECT ON {ALL} FROM {READER}",
        f"GRANT SELECT ON {ALL} TO {READER}",
        EACH,
    ),
    "below": (
        f"REVOKE SELECT ON tb_part FROM {READER}",
        f"GRANT SELECT ON tb_part TO {READER}",
        {"Row": "select", "Viewed": "select", "Called": "select", "Queried": "select"},
    ),
    "below a predicate": (
        f"REVOKE SELECT ON tb_listed FROM {READER}",
        f"GRANT SELECT ON tb_listed TO {READER}",
        WHOLE,
    ),
    "columns": (
        f"{HIDE}; GRANT SELECT (id, name) ON tb_row TO {READER}",
        f"REVOKE SELECT (id, name) ON tb_row FROM {READER}; {SHOW}",
        {"Row": "select"},
    ),
    "schema": (
        f"REVOKE USAGE ON SCHEMA public FROM {READER}",
        f"GRANT USAGE ON SCHEMA public TO {READER}",
        dict.fromkeys(EACH, "usage"),
    ),
    "login": (
        f"REVOKE {READER} FROM {LOGIN}",
        f"GRANT {READER} TO {LOGIN}",
        dict.fromkeys(EACH, "role"),
    ),
    "group": (
        f"{HIDE}; GRANT SELECT ON tb_row TO {GROUP}; GRANT {GROUP} TO {READER}",
        f"REVOKE SELECT ON tb_row FROM {GROUP}; REVOKE {GROUP} FROM {READER}; {SHOW}",
        WHOLE,
    ),
    "of a group": (
        f"{HIDE}; GRANT SELECT ON tb_row TO {GROUP}",
        f"REVOKE SELECT ON tb_row FROM {GROUP}; {SHOW}",
        {"Row": "select"},
    ),
    "owner": (
        f"REVOKE SELECT ON v_totals FROM {READER}; ALTER VIEW v_totals OWNER TO {READER}",
        f"ALTER VIEW v_totals OWNER TO postgres; GRANT SELECT ON v_totals TO {READER}",
        WHOLE,
    ),
    "owner of a view": (
        f"ALTER VIEW v_totals OWNER TO {OTHER}",
        "ALTER VIEW v_totals OWNER TO postgres",
        {"Count": "owner"},
    ),
    "public": (
        f"{HIDE}; GRANT SELECT ON tb_row TO PUBLIC",
        f"REVOKE SELECT ON tb_row FROM PUBLIC; {SHOW}",
        WHOLE,
    ),
    "owner of a table": (
        f"{HIDE}; ALTER TABLE tb_row OWNER TO {READER}",
        f"ALTER TABLE tb_row OWNER TO postgres; {SHOW}",
        WHOLE,
    ),
    "invoker": (
        "ALTER VIEW v_totals SET (security_invoker)",
        "ALTER VIEW v_totals RESET (security_invoker)",
        {"Count": "invoker"},
    ),
}


DEFINED = ("owner", "owner of a view", "invoker")
"""What is part of the definition, too: stored documents are read again once it is applied."""


@pytest.mark.parametrize("change", CHANGES)
def test_a_role_is_answered_as_it_would_be_live(rows: Rows, api: str, change: str) -> None:
    sql, undo, withheld = CHANGES[change]
    rows.change(sql)
    try:
        if change in DEFINED:
            rows.check({"Count": ""})
            prepare(api)
        rows.check(withheld)
    finally:
        rows.change(undo)
        if change in DEFINED:
            prepare(api)
    rows.check(WHOLE)


def test_a_role_reads_no_stored_rows_of_a_changed_definition(rows: Rows, api: str) -> None:
    """Also before the service has read its sources again, where stale rows are served."""
    rows.check(WHOLE)
    hidden = COUNTS.replace("GROUP BY", f"WHERE current_user <> '{READER}' GROUP BY")
    try:
        rows.change(f"CREATE OR REPLACE VIEW v_totals AS {hidden}")
        for service in (rows.live, rows.stored):
            service.pool.outdate()
        live, _ = rows.answer(rows.live, "Count")
        assert live == {"data": {"counts": []}}
        assert rows.answer(rows.stored, "Count") == (live, {"Count": "changed"})
    finally:
        rows.change(f"CREATE OR REPLACE VIEW v_totals AS {COUNTS}")
        prepare(api)
    rows.check(WHOLE)


async def live_header(url: str) -> str | None:
    """Return the header of a response about types that were read live."""
    app = fraiseql.create_app(
        queries=QUERIES, database_url=url, worker=False, context=lambda _: CONTEXT
    )
    transport = httpx.ASGITransport(app=app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.post("/graphql", json={"query": ASKED["Viewed"]})
            return response.headers.get("fraiseql-live")
    finally:
        await app.service.stop()


def test_row_security_is_noticed_at_once(rows: Rows, api: str) -> None:
    """A policy is for the role that asks, which the documents know nothing of."""
    rows.check(WHOLE)
    secured = "ALTER TABLE tb_row {} ROW LEVEL SECURITY"
    policy = f"CREATE POLICY some_rows ON tb_row TO {READER} USING (id = 1)"
    try:
        for sql, seen in ((secured.format("ENABLE"), 0), (policy, 1)):
            rows.change(sql)
            for type_name in ("Row", "Count"):
                live, _ = rows.answer(rows.live, type_name)
                assert rows.answer(rows.stored, type_name)[0] == live
            assert len(rows.answer(rows.stored, "Row")[0]["data"]["rows"]) == seen
    finally:
        rows.change(f"DROP POLICY some_rows ON tb_row; {secured.format('DISABLE')}")
        prepare(api)
    rows.check(WHOLE)


def test_why_a_role_is_answered_live_is_said(
    rows: Rows, api: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "explain",
        api,
        ASKED["Viewed"],
        "--role",
        READER,
        "--session",
        '{"app.tenant": "1"}',
    ]
    rows.change(f"REVOKE SELECT ON tb_part FROM {READER}")
    try:
        with caplog.at_level(logging.WARNING, "fraiseql"):
            for _ in range(3):
                rows.answer(rows.stored, "Viewed")
        said = [text for text in caplog.messages if "are not read for the role" in text]
        assert len(said) <= 1  # none, where a test before has asked
        assert rows.run(live_header(rows.url)) == "Viewed;reason=select"
        assert main(command) == 0
        assert (
            "not read for this role: it may not read every column of tb_part"
            in capsys.readouterr().out
        )
        explained = rows.run(rows.stored.explain(Request(ASKED["Viewed"]), CONTEXT))
        (statement,) = explained.statements
        assert statement.source == "live"
        assert statement.withheld == "it may not read every column of tb_part"
    finally:
        rows.change(f"GRANT SELECT ON tb_part TO {READER}")
    explained = rows.run(rows.stored.explain(Request(ASKED["Viewed"]), CONTEXT))
    assert rows.run(live_header(rows.url)) is None
    assert [item.source.split()[0] for item in explained.statements] == ["materialized", "live"]
    assert explained.statements[0].parameters == (repr(READER),)
    assert not any(each.plan[0].startswith("not explained") for each in explained.statements)
