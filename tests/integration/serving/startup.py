"""Tables, types and helpers for tests of checks at the start."""

import logging
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import SourceError
from tests.integration.serving.served import served

COLUMNS = {
    "small": ("int2", "1"),
    "normal": ("int4", "2"),
    "large": ("int8", "3000000000"),
    "exact": ("numeric(12, 2)", "1.50"),
    "digits": ("numeric(9, 0)", "7"),
    "many_digits": ("numeric(20)", "70000000000"),
    "single": ("float4", "1.5"),
    "double": ("float8", "2.5"),
    "truth": ("bool", "true"),
    "words": ("text", "'words'"),
    "short": ("varchar(9)", "'short'"),
    "padded": ("char(3)", "'pad'"),
    "one_character": ('"char"', "'c'"),
    "ident": ("uuid", "'6b7d12a6-0000-4000-8000-000000000000'"),
    "day": ("date", "'2020-01-02'"),
    "moment": ("timestamptz", "'2020-01-02 03:04Z'"),
    "naive": ("timestamp", "'2020-01-02 03:04'"),
    "hour": ("time", "'03:04'"),
    "zoned": ("timetz", "'03:04+00'"),
    "span": ("interval", "'1 day'"),
    "bytes": ("bytea", "'\\x01'"),
    "address": ("inet", "'10.0.0.1'"),
    "cash": ("money", "1"),
    "bits": ("bit(3)", "B'101'"),
    "place": ("point", "'(1,2)'"),
    "period": ("daterange", "'[2020-01-01,2020-02-01)'"),
    "plain": ("json", "'{}'"),
    "binary_json": ("jsonb", "'{}'"),
    "feeling": ("mood", "'glad'"),
    "numbers": ("int[]", "'{1,2}'"),
    "texts": ("text[]", "'{a,b}'"),
    "feelings": ("mood[]", "'{glad}'"),
    "grid": ("int[][]", "'{{1,2},{3,4}}'"),
    "pair": ("inner_pair", "(1, 'x')"),
    "nest": ("outer_pair", "((1, 'x'), ARRAY[(2, 'y')::inner_pair])"),
    "counted": ("whole", "4"),
    "counts": ("wholes", "'{4}'"),
    "sure": ("present", "'p'"),
}
TABLES = f"""
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TYPE inner_pair AS (a int, b text);
CREATE TYPE outer_pair AS (pair inner_pair, pairs inner_pair[]);
CREATE DOMAIN whole AS int CHECK (VALUE > 0);
CREATE DOMAIN present AS text CHECK (VALUE IS NOT NULL);
CREATE DOMAIN wholes AS whole[];
CREATE TABLE sample (id int PRIMARY KEY,
  {", ".join(f"{name} {type_} NOT NULL" for name, (type_, _) in COLUMNS.items())});
INSERT INTO sample VALUES (1, {", ".join(value for _, value in COLUMNS.values())});
CREATE TABLE loose (id int PRIMARY KEY, maybe text, checked text, sure present, number int,
  doubled int GENERATED ALWAYS AS (number * 2) STORED,
  CONSTRAINT checked CHECK (checked IS NOT NULL));
CREATE VIEW seen AS SELECT * FROM loose;
CREATE TABLE child (id int PRIMARY KEY, parent text NOT NULL, parent_id int8 NOT NULL UNIQUE,
  code int NOT NULL, doc json NOT NULL, document jsonb NOT NULL);
CREATE UNIQUE INDEX ON child (parent, code);
CREATE UNIQUE INDEX ON child (code) WHERE parent = 'x';
"""


def one_field(name: str, hint: Any, source: str = "sample") -> Any:
    body = {"__annotations__": {"id": int, name: hint}, "__module__": __name__}
    return fraiseql.type(sql_source=source)(type("Sample", (), body))


def refused(url: str, *queries: Any, types: Any = ()) -> str:
    with pytest.raises(SourceError) as caught, served(url, queries=queries, types=types):
        pass
    assert caught.value.code == "COLUMN_TYPE"
    return str(caught.value)


def warned(url: str, caplog: pytest.LogCaptureFixture, *queries: Any) -> str:
    caplog.set_level(logging.WARNING, "fraiseql")
    with served(url, queries=queries):
        pass
    return "\n".join(record.getMessage() for record in caplog.records)
