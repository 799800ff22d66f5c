"""Application whose operations have a known best change of storage."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import fraiseql

TABLES = """
CREATE TABLE tb_author (id int PRIMARY KEY, name text NOT NULL, email text NOT NULL);
CREATE TABLE tb_post (id int PRIMARY KEY, author_id int NOT NULL, title text NOT NULL,
  status text NOT NULL, published bool NOT NULL, score int NOT NULL,
  created_at timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE tb_comment (id int PRIMARY KEY, post_id int NOT NULL, body text NOT NULL,
  created_at timestamptz NOT NULL);
CREATE TABLE tb_event (id int PRIMARY KEY, kind int NOT NULL, device_id int NOT NULL,
  at timestamptz NOT NULL);
CREATE INDEX event_at_device ON tb_event (at, device_id);
CREATE TABLE tb_doc (id int PRIMARY KEY, data jsonb NOT NULL);
CREATE TABLE tb_sale (id int PRIMARY KEY, customer_id int NOT NULL, region int NOT NULL,
  total numeric NOT NULL, at timestamptz NOT NULL);
CREATE TABLE tb_raw (id int PRIMARY KEY, token text NOT NULL, owner int NOT NULL);
CREATE TABLE tb_team (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_member (id int PRIMARY KEY, team_id int NOT NULL, name text NOT NULL);
CREATE INDEX member_team ON tb_member (team_id, id);
CREATE TABLE tb_badge (id int PRIMARY KEY, member_id int NOT NULL, label text NOT NULL);
CREATE INDEX badge_member ON tb_badge (member_id, id);
CREATE TABLE tb_log (id int PRIMARY KEY, line text NOT NULL, at timestamptz NOT NULL);
INSERT INTO tb_log SELECT g, 'line ' || g, now() - g * interval '10 minutes'
  FROM generate_series(1, 40000) AS g;
CREATE TABLE tb_setting (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO tb_author SELECT g, 'name ' || g, g || '@x.org' FROM generate_series(1, 20000) AS g;
INSERT INTO tb_post SELECT g, g * 7919 % 2000, 'title ' || g,
  CASE WHEN g % 50 = 0 THEN 'draft' ELSE 'open' END, g % 40 <> 0, g * 10007 % 40000,
  timestamptz '2026-01-01 00:00Z' + g * 7907 % 40000 * interval '1 minute',
  CASE WHEN g % 30 = 0 THEN now() END FROM generate_series(1, 40000) AS g;
INSERT INTO tb_comment SELECT g, g * 7919 % 40000, 'body ' || g,
  timestamptz '2026-01-01 00:00Z' + g * interval '1 minute' FROM generate_series(1, 40000) AS g;
INSERT INTO tb_event SELECT g, g * 31 % 200, g * 7919 % 5000,
  timestamptz '2026-01-01 00:00Z' + g * interval '1 minute' FROM generate_series(1, 40000) AS g;
INSERT INTO tb_doc SELECT g, jsonb_build_object('id', g, 'code', 'c' || g * 7919 % 20000,
  'colour', 'k' || g % 500, 'size', g % 300) FROM generate_series(1, 20000) AS g;
INSERT INTO tb_sale SELECT g, g * 7919 % 800, g % 12, g % 500,
  timestamptz '2026-01-01 00:00Z' + g * interval '1 minute' FROM generate_series(1, 40000) AS g;
INSERT INTO tb_raw SELECT g, md5(g::text), g % 3000 FROM generate_series(1, 30000) AS g;
INSERT INTO tb_team SELECT g, 'team ' || g FROM generate_series(1, 500) AS g;
INSERT INTO tb_member SELECT g, g % 500 + 1, 'member ' || g FROM generate_series(1, 5000) AS g;
INSERT INTO tb_badge SELECT g, g % 5000 + 1, 'badge ' || g FROM generate_series(1, 20000) AS g;
INSERT INTO tb_setting SELECT g, 'name ' || g FROM generate_series(1, 20) AS g;
ANALYZE;
"""


@fraiseql.type(name="AdvisedComment", sql_source="tb_comment")
class Comment:
    id: int
    post_id: int
    body: str
    created_at: datetime


@fraiseql.type(name="AdvisedPost", sql_source="tb_post")
class Post:
    id: int
    author_id: int
    title: str
    status: str
    score: int
    created_at: datetime
    comments: list[Comment] = fraiseql.embed(
        "tb_comment", on="post_id", order_by="-created_at", limit=5
    )


@fraiseql.type(name="AdvisedAuthor", sql_source="tb_author")
class Author:
    id: int
    name: str
    email: str


@fraiseql.type(name="AdvisedEvent", sql_source="tb_event")
class Event:
    id: int
    kind: int
    device_id: int
    at: datetime


@fraiseql.type(name="AdvisedDoc", sql_source="tb_doc", jsonb_column="data")
class Doc:
    id: int
    code: str
    colour: str
    size: int


@fraiseql.type(name="AdvisedSale", sql_source="tb_sale")
class Sale:
    id: int
    customer_id: int
    region: int
    total: Decimal
    at: datetime


@fraiseql.type(name="AdvisedBadge", sql_source="tb_badge")
class Badge:
    id: int
    label: str


@fraiseql.type(name="AdvisedMember", sql_source="tb_member")
class Member:
    id: int
    name: str
    badges: list[Badge] = fraiseql.embed("tb_badge", on="member_id", order_by="id", limit=10)


@fraiseql.type(name="AdvisedTeam", sql_source="tb_team")
class Team:
    id: int
    name: str
    members: list[Member] = fraiseql.embed("tb_member", on="team_id", order_by="id", limit=20)


@fraiseql.type(name="AdvisedLog", sql_source="tb_log")
class Log:
    id: int
    line: str
    at: datetime


@fraiseql.type(name="AdvisedRegion")
class Region:
    region: int
    total: Decimal


@fraiseql.type(name="AdvisedSetting", sql_source="tb_setting")
class Setting:
    id: int
    name: str


def _texts(sql: str) -> Any:
    """Return a function whose only statement is this one, with its argument as the parameter."""

    async def answered(info: Any, value: str) -> list[str]:
        rows = await info.context["db"].fetch(sql, value)
        return [str(row[0]) for row in rows]

    return answered


def _query(name: str, sql: str) -> Any:
    function = _texts(sql)
    function.__name__ = name
    return fraiseql.query(function)


@fraiseql.query
async def totals(info: Any) -> list[Region]:
    rows = await info.context["db"].fetch(
        "SELECT region, sum(total) AS total FROM tb_sale GROUP BY region ORDER BY region"
    )
    return [Region(**row) for row in rows]


SQL_QUERIES = {
    "drafts": "SELECT title FROM tb_post WHERE status = 'draft' AND score > $1::text::int"
    " ORDER BY score LIMIT 20",
    "hidden": "SELECT title FROM tb_post WHERE NOT published AND author_id = $1::text::int",
    "token": "SELECT owner FROM tb_raw WHERE token = $1",
    "matching": "SELECT id FROM tb_doc WHERE data @> $1::text::jsonb",
    "coloured": "SELECT id FROM tb_doc WHERE data ->> 'colour' = $1",
    "commented": "SELECT count(*) FROM tb_author a JOIN tb_comment c ON c.post_id = a.id"
    " WHERE a.id = $1::text::int",
    "recent": "SELECT sum(total) FROM tb_sale WHERE at BETWEEN $1::text::timestamptz"
    " AND $1::text::timestamptz + interval '1 hour'",
    "near": "SELECT count(*) FROM tb_event WHERE id BETWEEN $1::text::int AND $1::text::int + 50",
}
QUERIES = (
    fraiseql.find(
        "author_posts", Post, by=("author_id",), order_by="-created_at", default_limit=20
    ),
    fraiseql.find("latest", Post, order_by="-created_at", default_limit=20),
    fraiseql.find_one("post", Post, by="id"),
    fraiseql.find("scored", Post, order_by="id"),
    fraiseql.find_one("author", Author, by="email"),
    fraiseql.find_one("author_by_id", Author, by="id"),
    fraiseql.find("device_events", Event, by=("device_id",), order_by="id"),
    fraiseql.find("docs", Doc, by=("code",), order_by="id"),
    fraiseql.find("sales", Sale, by=("customer_id", "region"), order_by="id"),
    fraiseql.find("settings", Setting, order_by="id"),
    fraiseql.find("teams", Team, order_by="id"),
    fraiseql.find("logs", Log, order_by="-at"),
    totals,
    *(_query(name, sql) for name, sql in SQL_QUERIES.items()),
)


def app_of(url: str, **settings: Any) -> Any:
    """Return the application."""
    return fraiseql.create_app(queries=QUERIES, database_url=url, worker=False, **settings)
