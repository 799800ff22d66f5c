"""Watched definitions: together, no row counts twice, which would hide its changes."""

from dataclasses import replace

from fraiseql.caching.dependencies.privileges import Roles
from fraiseql.caching.results.dependencies import NOTHING, Dependencies
from fraiseql.caching.results.watched import NOTHING_WATCHED, Watched, watched_for


def dependencies(*numbers: int) -> Dependencies:
    listed = "'{" + ",".join(map(str, numbers)) + "}'::pg_catalog.oid[]"
    prompt = (
        f"SELECT a FROM pg_catalog.pg_cast WHERE x = ANY ({listed}) OR y = ANY ({listed})"
        f" UNION ALL SELECT b FROM pg_catalog.pg_opclass WHERE x = ANY ({listed})\n"
        f"    UNION ALL SELECT c FROM pg_catalog.pg_amproc WHERE x = ANY ({listed})"
    )
    return replace(NOTHING, objects=numbers, prompt=prompt)


def test_a_row_of_two_fields_is_read_once() -> None:
    both = watched_for(dependencies(1, 2), ()) | watched_for(dependencies(2, 3), ())
    assert both.read_sql.count("'{1,2,3}'::pg_catalog.oid[]") == 4
    assert both.read_sql.count("UNION ALL") == 2
    assert "'1'::oid, '2'::oid, '3'::oid" in both.planned_sql


def test_equal_rows_of_several_queries_for_names_do_not_cancel_each_other() -> None:
    first, second = (
        watched_for(replace(dependencies(1), names=names), ())
        for names in ("SELECT 1 UNION ALL SELECT 2", "SELECT 1")
    )
    sql = (first | second | first).read_sql
    assert sql.count("hashint8extended") == 2
    assert ", 1)" in sql
    assert ", 2)" in sql


def test_roles_of_requests_and_owners_count_once() -> None:
    owned = replace(dependencies(1), owners=Roles((10, 11), (0, 0)), database_owner=12)
    both = watched_for(owned, (10,)) | watched_for(dependencies(1), (13,))
    assert both.roles == {10, 11, 13}
    assert both.database_owner
    assert "datdba" in both.read_sql


def test_the_secret_of_row_tags_is_named_where_it_counts() -> None:
    salted = watched_for(replace(dependencies(1), salted=True), ())
    assert "secret" in (salted | NOTHING_WATCHED).true_sql
    assert "secret" not in watched_for(dependencies(1), ()).true_sql


def test_only_a_bounded_number_fits() -> None:
    assert Watched(objects=frozenset(range(1000)), roles=frozenset(range(64))).fits
    assert not Watched(objects=frozenset(range(1001))).fits
    assert not Watched(roles=frozenset(range(65))).fits
