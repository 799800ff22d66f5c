"""Columns that parameters of statements are compared with."""

import random

from fraiseql.operating.trace.synthetic import ColumnValues, ComparedColumn, compared_columns

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
