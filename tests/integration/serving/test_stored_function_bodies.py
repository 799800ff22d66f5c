"""What functions of functions read counts, whatever stores the documents."""

import fraiseql
from fraiseql.schema.storage import MaterializedView, Projection
from tests.integration.caching.ddl.env import applied, planned
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE least (pages int NOT NULL);
INSERT INTO least VALUES (1);
CREATE FUNCTION least_pages() RETURNS int IMMUTABLE LANGUAGE sql AS
  'SELECT min(pages) FROM public.least';
CREATE FUNCTION large(n int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
  'BEGIN RETURN n >= public.least_pages(); END';
CREATE TABLE shelf (id int PRIMARY KEY);
CREATE TABLE volume (id int PRIMARY KEY, shelf_id int REFERENCES shelf, pages int NOT NULL);
CREATE INDEX ON volume (shelf_id);
INSERT INTO shelf VALUES (1);
INSERT INTO volume SELECT n, 1, n FROM generate_series(1, 9) n;
"""
SQL = """
SELECT s.id, count(v.id)::int AS volumes
FROM shelf s LEFT JOIN volume v ON v.shelf_id = s.id AND large(v.pages) GROUP BY s.id"""


def test_a_view_ages_by_writes_to_what_inner_functions_read(database: str) -> None:
    stored = MaterializedView(sql=SQL, refresh="1h", key=("id",))

    @fraiseql.type(sql_source="counted", stored=stored)
    class Shelf:
        id: int
        volumes: int

    at_once(run_sql(database, TABLES))
    at_once(applied(database, Shelf))
    queries = [fraiseql.find("shelves", Shelf, order_by="id")]
    running = Served(database, queries=queries, worker=False)
    try:
        running.run(running.service.start())
        ages = []
        for write in ("SELECT", "UPDATE least SET pages = 5"):
            running.execute(write)
            answer = running.ask("{ shelves { id volumes } }")
            ages.append(answer["extensions"]["staleness"][0]["seconds"])
        assert ages[0] == 0 < ages[1]
    finally:
        running.close()


def test_a_projection_refuses_a_predicate_whose_functions_read_more(database: str) -> None:
    @fraiseql.type(sql_source="volume")
    class Volume:
        id: int

    @fraiseql.type(sql_source="shelf", stored=Projection())
    class Shelf:
        id: int
        volumes: list[Volume] = fraiseql.embed(
            "volume", on="shelf_id", where="large(pages)", order_by="id", limit=5
        )

    at_once(run_sql(database, TABLES))
    (refused,) = at_once(planned(database, Shelf)).refusals
    assert refused.code == "PREDICATE_READS_MORE"
    assert '"public"."least"' in str(refused)
