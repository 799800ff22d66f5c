"""Columns that parameters of statements are compared with."""

import random

from fraiseql.operating.trace.synthetic import (
    ColumnValues,
    ComparedColumn,
    compared_columns,
    planned_columns,
)

SQL = (
    'SELECT 1 FROM "public"."tb_post" AS t0 WHERE t0."author" OPERATOR(pg_catalog.=) $1::bigint'
    ' AND t0."a""b" OPERATOR(pg_catalog.>=) $2::date'
    ' AND t0."state" OPERATOR(pg_catalog.=) ANY ($3::text[]) AND x."y" OPERATOR(pg_catalog.=) $4'
)


def test_columns_are_those_of_the_statement() -> None:
    assert compared_columns(SQL) == {
        1: ComparedColumn("public", "tb_post", "author", "=", is_list=False),
        2: ComparedColumn("public", "tb_post", 'a"b', ">=", is_list=False),
        3: ComparedColumn("public", "tb_post", "state", "=", is_list=True),
    }


def test_values_of_equalities_come_by_their_share() -> None:
    values, source = ColumnValues(["open"], [0.9], ["a", "b"]), random.Random(2)
    drawn = [values.draw(source, "=") for _ in range(300)]
    assert 240 <= drawn.count("open") <= 295
    assert set(drawn) == {"open", "a", "b"}
    assert {values.draw(source, ">=") for _ in range(50)} == {"a", "b"}


def test_columns_of_other_sql_are_those_of_its_plan() -> None:
    scan = {"Schema": "public", "Relation Name": "tb_sale", "Alias": "s"}
    plan = {
        "Join Filter": "(s.id = t.id)",
        "Plans": [
            {**scan, "Filter": '((s.at >= ($1)::timestamptz) AND (s."a b" = ANY ($2)))'},
            {"Filter": "((other.x = $3) AND ((s.doc ->> 'k'::text) = $4))"},
        ],
    }
    assert planned_columns(plan) == {
        1: ComparedColumn("public", "tb_sale", "at", ">=", is_list=False),
        2: ComparedColumn("public", "tb_sale", "a b", "=", is_list=True),
    }
