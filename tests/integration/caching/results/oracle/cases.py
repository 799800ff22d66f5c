"""Cases: two schemas with views of views, and the questions whose answers are kept.

``blog`` has three levels with keys that may be null; ``office`` four, with a self-reference,
composite and uuid keys and partitions. The tables and most writers are the projections' own.
"""

import hashlib
from dataclasses import dataclass

from tests.integration.caching.projection.schemas import BLOG_TABLES, OFFICE_TABLES


@dataclass(frozen=True, slots=True)
class Question:
    """Something that is asked again and again.

    Attributes:
        text: A statement that gives one text.
        reads: Relations that it names, quoted.
    """

    text: str
    reads: tuple[str, ...]

    @property
    def key(self) -> bytes:
        return hashlib.sha256(self.text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Case:
    """Tables and views, what writers call the tables, and the questions."""

    name: str
    tables: str
    names: tuple[str, ...]
    questions: tuple[Question, ...]


def _listed(relation: str, condition: str) -> Question:
    return Question(
        f"SELECT coalesce(jsonb_agg(v.data ORDER BY v.data), '[]')::text"
        f" FROM {relation} v WHERE {condition}",
        (relation,),
    )


def _question(relation: str, condition: str) -> Question:
    return Question(
        f"SELECT coalesce((SELECT v.data FROM {relation} v WHERE {condition}), 'null')::text",
        (relation,),
    )


BLOG_VIEWS = """
CREATE VIEW app.v_comment AS
SELECT c.id, c.post_id, jsonb_build_object('body', c.body, 'author', a.name) AS data
FROM app.comments c LEFT JOIN app.users a ON a.id = c.author_id;
CREATE VIEW app.v_post AS
SELECT p.id, p.user_id, jsonb_build_object('id', p.id, 'title', p.title, 'reviewer', r.name,
  'comments', coalesce((SELECT jsonb_agg(c.data ORDER BY c.id) FROM app.v_comment c
                        WHERE c.post_id = p.id), '[]')) AS data
FROM app.posts p LEFT JOIN app.users r ON r.id = p.reviewer_id;
CREATE VIEW app.v_user AS
SELECT u.id, jsonb_build_object('id', u.id, 'name', u.name, 'posts', coalesce(
  (SELECT jsonb_agg(p.data ORDER BY p.id) FROM app.v_post p WHERE p.user_id = u.id), '[]')) AS data
FROM app.users u;
CREATE VIEW app.v_idle AS
SELECT u.id, jsonb_build_object('name', u.data ->> 'name') AS data
FROM app.v_user u WHERE u.data -> 'posts' = '[]';
"""

BLOG = Case(
    "blog",
    BLOG_TABLES + BLOG_VIEWS,
    ("users", "posts", "comments"),
    (
        *(_question('"app"."v_user"', f"v.id = {number}") for number in (1, 2, 3)),
        *(_listed('"app"."v_post"', f"v.user_id = {number}") for number in (1, 2)),
        _listed('"app"."v_post"', "v.user_id IS NULL"),
        _listed('"app"."v_user"', "v.id > 10000"),
        _listed('"app"."v_idle"', "true"),
        _listed('"app"."v_comment"', "v.post_id IS NULL"),
        Question("SELECT count(*)::text FROM app.comments", ('"app"."comments"',)),
        Question(
            "SELECT (SELECT count(*) FROM app.users) || '/' || (SELECT count(*) FROM app.v_idle)",
            ('"app"."users"', '"app"."v_idle"'),
        ),
    ),
)

OFFICE_VIEWS = """
CREATE VIEW app.v_task AS
SELECT k.person_id, jsonb_build_object('number', k.number, 'what', k.what) AS data
FROM app.tasks k;
CREATE VIEW app.v_person AS
SELECT p.id, p.team_id, jsonb_build_object('name', p.name, 'boss', b.name, 'tasks', coalesce(
  (SELECT jsonb_agg(k.data ORDER BY k.data) FROM app.v_task k WHERE k.person_id = p.id),
  '[]')) AS data
FROM app.people p LEFT JOIN app.people b ON b.id = p.boss_id;
CREATE VIEW app.v_team AS
SELECT t.id, t.country, t.code, jsonb_build_object('name', t.name, 'above', up.name, 'people',
  coalesce((SELECT jsonb_agg(p.data ORDER BY p.id) FROM app.v_person p WHERE p.team_id = t.id),
  '[]')) AS data
FROM app.teams t LEFT JOIN app.teams up ON up.id = t.parent_id;
CREATE VIEW app.v_site AS
SELECT s.country, s.code, jsonb_build_object('city', s.city, 'teams', coalesce(
  (SELECT jsonb_agg(t.data ORDER BY t.id) FROM app.v_team t
   WHERE t.country = s.country AND t.code = s.code), '[]')) AS data
FROM app.sites s;
"""

OFFICE = Case(
    "office",
    OFFICE_TABLES + OFFICE_VIEWS,
    ("sites", "teams", "people", "tasks"),
    (
        *(
            _question('"app"."v_site"', f"v.country = '{country}' AND v.code = {code}")
            for country, code in (("no", 1), ("no", 2), ("se", 3))
        ),
        _listed('"app"."v_team"', "v.country IS NULL"),
        _listed('"app"."v_team"', "v.country = 'none'"),
        _listed('"app"."v_person"', "v.team_id IS NULL"),
        *(_question('"app"."v_person"', f"v.id = {number}") for number in (1, 12)),
        _listed('"app"."v_task"', "v.person_id = 3"),
        Question("SELECT count(*)::text FROM app.tasks_low", ('"app"."tasks_low"',)),
        Question("SELECT coalesce(max(what), '-') FROM app.tasks_high", ('"app"."tasks_high"',)),
    ),
)
