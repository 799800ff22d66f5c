"""Two sets of base tables with their projections, and an oracle without views.

``blog`` has two levels (1:N, N:1 inside, nullable keys); ``office`` three, with a self-reference,
composite and uuid keys, a table embedded at three paths, and a partitioned one.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from fraiseql.caching.strategies.projection import (
    BaseTable,
    EmbedSpec,
    Join,
    KeyColumn,
    ProjectionSpec,
    Qualified,
)

Documents = dict[tuple[object, ...], object]
Rows = dict[str, list[dict[str, Any]]]
NEWEST = 3
"""Posts that a user's document holds: the rest is left out by order and limit."""


def table(name: str, *keys: str, partitions: tuple[str, ...] = ()) -> BaseTable:
    parts = [key.split(" ", 1) for key in keys]
    return BaseTable(
        Qualified("app", name),
        tuple(KeyColumn(column, kind) for column, kind in parts),
        tuple(Qualified("app", part) for part in partitions),
        by_row=bool(partitions),
    )


BLOG_TABLES = """
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, name text NOT NULL, secret text);
CREATE TABLE app.posts (
  id bigint PRIMARY KEY, user_id bigint REFERENCES app.users ON DELETE CASCADE,
  reviewer_id bigint REFERENCES app.users ON DELETE SET NULL, title text, score numeric,
  at timestamptz NOT NULL DEFAULT '2026-01-01T00:00:00Z', hidden text);
CREATE TABLE app.comments (
  id bigint PRIMARY KEY, post_id bigint REFERENCES app.posts ON DELETE CASCADE,
  author_id bigint REFERENCES app.users ON DELETE SET NULL, body text);
CREATE INDEX ON app.posts (user_id, at DESC, id DESC);
CREATE INDEX ON app.posts (reviewer_id);
CREATE INDEX ON app.comments (post_id);
CREATE INDEX ON app.comments (author_id);
"""

_USERS = table("users", "id bigint")
_POSTS = table("posts", "id bigint")
_COMMENTS = table("comments", "id bigint")
_TO_REVIEWER = (Join("id", "reviewer_id", "bigint"),)
_TO_AUTHOR = (Join("id", "author_id", "bigint"),)

USER_VIEW = f"""
SELECT u.id, jsonb_build_object('id', u.id, 'name', u.name, 'posts', coalesce(p.list, '[]')) AS data
FROM app.users u CROSS JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object('id', i.id, 'title', i.title, 'score', i.score, 'at', i.at,
      'reviewer', i.reviewer) ORDER BY i.at DESC, i.id DESC) AS list
  FROM (SELECT p.*, CASE WHEN r.id IS NOT NULL
          THEN jsonb_build_object('id', r.id, 'name', r.name) END AS reviewer
        FROM app.posts p LEFT JOIN app.users r ON r.id = p.reviewer_id
        WHERE p.user_id = u.id ORDER BY p.at DESC, p.id DESC LIMIT {NEWEST}) i) p
"""

USER = ProjectionSpec(
    owner="User",
    table=Qualified("app", "tv_user"),
    view=Qualified("app", "v_user"),
    view_sql=USER_VIEW,
    root=_USERS,
    columns=("id", "name"),
    embeds=(
        EmbedSpec(
            "posts",
            _POSTS,
            (Join("user_id", "id", "bigint"),),
            True,
            ("id", "title", "score", "at", "reviewer_id"),
            (EmbedSpec("reviewer", _USERS, _TO_REVIEWER, False, ("id", "name")),),
        ),
    ),
    text=True,
)

POST_VIEW = """
SELECT p.id, jsonb_build_object('id', p.id, 'title', p.title, 'reviewer', r.name,
    'comments', coalesce(c.list, '[]')) AS data
FROM app.posts p LEFT JOIN app.users r ON r.id = p.reviewer_id
CROSS JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object('body', c.body, 'author', a.name) ORDER BY c.id) AS list
  FROM app.comments c LEFT JOIN app.users a ON a.id = c.author_id WHERE c.post_id = p.id) c
"""

POST = ProjectionSpec(
    owner="Post",
    table=Qualified("app", "tv_post"),
    view=Qualified("app", "v_post"),
    view_sql=POST_VIEW,
    root=_POSTS,
    columns=("id", "title", "reviewer_id"),
    embeds=(
        EmbedSpec("reviewer", _USERS, _TO_REVIEWER, False, ("name",)),
        EmbedSpec(
            "comments",
            _COMMENTS,
            (Join("post_id", "id", "bigint"),),
            True,
            ("id", "body", "author_id"),
            (EmbedSpec("author", _USERS, _TO_AUTHOR, False, ("name",)),),
        ),
    ),
)


def user_documents(rows: Rows) -> Documents:
    """Compute users' documents from base rows alone."""
    users = {row["id"]: row for row in rows["users"]}
    posts = defaultdict(list)
    for row in sorted(rows["posts"], key=lambda row: (row["at"], row["id"]), reverse=True):
        posts[row["user_id"]].append(row)

    def post(row: dict[str, Any]) -> dict[str, Any]:
        reviewer = users.get(row["reviewer_id"])
        short = reviewer and {"id": reviewer["id"], "name": reviewer["name"]}
        score = None if row["score"] is None else float(row["score"])
        at = row["at"].isoformat()
        return {"id": row["id"], "title": row["title"], "score": score, "at": at, "reviewer": short}

    return {
        (key,): {"id": key, "name": row["name"], "posts": [post(p) for p in posts[key][:NEWEST]]}
        for key, row in users.items()
    }


def post_documents(rows: Rows) -> Documents:
    """Compute posts' documents from base rows alone."""
    names = {row["id"]: row["name"] for row in rows["users"]}
    comments = defaultdict(list)
    for row in sorted(rows["comments"], key=lambda row: row["id"]):
        short = {"body": row["body"], "author": names.get(row["author_id"])}
        comments[row["post_id"]].append(short)
    return {
        (row["id"],): {
            "id": row["id"],
            "title": row["title"],
            "reviewer": names.get(row["reviewer_id"]),
            "comments": comments[row["id"]],
        }
        for row in rows["posts"]
    }


OFFICE_TABLES = """
CREATE SCHEMA app;
CREATE TABLE app.sites (country text, code int, city text, PRIMARY KEY (country, code));
CREATE TABLE app.teams (
  id uuid PRIMARY KEY, country text, code int,
  parent_id uuid REFERENCES app.teams ON DELETE CASCADE,
  name text, FOREIGN KEY (country, code) REFERENCES app.sites ON DELETE CASCADE);
CREATE TABLE app.people (
  id int PRIMARY KEY, team_id uuid REFERENCES app.teams ON DELETE CASCADE, name text,
  boss_id int REFERENCES app.people ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE app.tasks (
  person_id int REFERENCES app.people ON DELETE CASCADE ON UPDATE CASCADE, number int, what text,
  PRIMARY KEY (person_id, number)) PARTITION BY RANGE (person_id);
CREATE TABLE app.tasks_low PARTITION OF app.tasks FOR VALUES FROM (MINVALUE) TO (12);
CREATE TABLE app.tasks_high (what text, number int NOT NULL, person_id int NOT NULL);
ALTER TABLE app.tasks ATTACH PARTITION app.tasks_high FOR VALUES FROM (12) TO (MAXVALUE);
CREATE INDEX ON app.teams (country, code);
CREATE INDEX ON app.teams (parent_id);
CREATE INDEX ON app.people (team_id);
CREATE INDEX ON app.people (boss_id);
"""

_SITES = table("sites", "country text", "code integer")
_TEAMS = table("teams", "id uuid")
_PEOPLE = table("people", "id integer")
_TASKS = table(
    "tasks", "person_id integer", "number integer", partitions=("tasks_low", "tasks_high")
)

SITE_VIEW = """
SELECT s.country, s.code,
  jsonb_build_object('city', s.city, 'teams', coalesce(t.list, '[]')) AS data
FROM app.sites s CROSS JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object('name', t.name, 'parent', t.parent, 'people', t.people)
                   ORDER BY t.id) AS list
  FROM (SELECT t.id, t.name, above.name AS parent, coalesce(p.list, '[]') AS people
    FROM app.teams t LEFT JOIN app.teams above ON above.id = t.parent_id
    CROSS JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('name', p.name, 'boss', b.name, 'tasks', k.list)
                       ORDER BY p.id) AS list
      FROM app.people p LEFT JOIN app.people b ON b.id = p.boss_id
      CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(k.what ORDER BY k.number), '[]') AS list
        FROM app.tasks k WHERE k.person_id = p.id) k
      WHERE p.team_id = t.id) p
    WHERE t.country = s.country AND t.code = s.code) t) t
"""

_TASK_EDGE = EmbedSpec(
    "tasks", _TASKS, (Join("person_id", "id", "integer"),), True, ("number", "what")
)
_BOSS_EDGE = EmbedSpec("boss", _PEOPLE, (Join("id", "boss_id", "integer"),), False, ("name",))

SITE = ProjectionSpec(
    owner="Site",
    table=Qualified("app", "tv_site"),
    view=Qualified("app", "v_site"),
    view_sql=SITE_VIEW,
    root=_SITES,
    columns=("city",),
    embeds=(
        EmbedSpec(
            "teams",
            _TEAMS,
            (Join("country", "country", "text"), Join("code", "code", "integer")),
            True,
            ("id", "name", "parent_id"),
            (
                EmbedSpec("parent", _TEAMS, (Join("id", "parent_id", "uuid"),), False, ("name",)),
                EmbedSpec(
                    "people",
                    _PEOPLE,
                    (Join("team_id", "id", "uuid"),),
                    True,
                    ("id", "name", "boss_id"),
                    (_BOSS_EDGE, _TASK_EDGE),
                ),
            ),
        ),
    ),
)


def site_documents(rows: Rows) -> Documents:
    """Compute sites' documents from base rows alone."""
    people = {row["id"]: row for row in rows["people"]}
    teams = {row["id"]: row for row in rows["teams"]}
    tasks, members, at_site = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in sorted(rows["tasks"], key=lambda row: row["number"]):
        tasks[row["person_id"]].append(row["what"])
    for key, row in sorted(people.items()):
        boss = people.get(row["boss_id"], {}).get("name")
        members[row["team_id"]].append({"name": row["name"], "boss": boss, "tasks": tasks[key]})
    for key, row in sorted(teams.items()):
        parent = teams.get(row["parent_id"], {}).get("name")
        short = {"name": row["name"], "parent": parent, "people": members[key]}
        at_site[row["country"], row["code"]].append(short)
    return {
        key: {"city": row["city"], "teams": at_site[key]}
        for row in rows["sites"]
        if (key := (row["country"], row["code"]))
    }


@dataclass(frozen=True, slots=True)
class Case:
    """A schema under test: its tables, projections, and each projection's oracle."""

    name: str
    tables: str
    names: tuple[str, ...]
    specs: tuple[ProjectionSpec, ...]
    oracles: tuple[Any, ...]


BLOG = Case(
    "blog",
    BLOG_TABLES,
    ("users", "posts", "comments"),
    (USER, POST),
    (user_documents, post_documents),
)
OFFICE = Case(
    "office", OFFICE_TABLES, ("sites", "teams", "people", "tasks"), (SITE,), (site_documents,)
)


def without_foreign_keys(case: Case) -> Case:
    """Take the foreign keys out: they forbid schedules that the locks have to answer for, too."""
    together = r"(, FOREIGN KEY \([\w, ]+\))?"
    pattern = together + r"\s+REFERENCES app\.\w+( ON (DELETE|UPDATE) (CASCADE|SET NULL))*"
    return replace(case, tables=re.sub(pattern, "", case.tables))


LOOSE = {case.name: without_foreign_keys(case) for case in (BLOG, OFFICE)}
