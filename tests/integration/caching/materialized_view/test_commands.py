"""The commands, with the dashboard of the project's description."""

import json
from pathlib import Path

import pytest

from fraiseql.cli.main import main
from tests.integration.caching.ddl.env import sql

SETUP = """
CREATE TABLE users (
  id int PRIMARY KEY, first_name text, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE posts (
  id int PRIMARY KEY, user_id int REFERENCES users, content text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
INSERT INTO users SELECT n, 'user ' || n, now() - n * interval '1 day'
FROM generate_series(1, 20) n;
INSERT INTO posts SELECT n, n % 20 + 1, repeat('x', n), now() - n * interval '1 hour'
FROM generate_series(1, 100) n;
"""

APP = '''
from decimal import Decimal
from typing import Any

import fraiseql

TOP = """
SELECT jsonb_agg(to_jsonb(t) ORDER BY t.post_count DESC, t.id) FROM (
  SELECT u.id, u.first_name, count(p.id) AS post_count
  FROM users u LEFT JOIN posts p ON p.user_id = u.id
  GROUP BY u.id ORDER BY post_count DESC, u.id LIMIT 10) t
"""

DASHBOARD = f"""
SELECT count(*) AS total_users,
  count(*) FILTER (WHERE created_at > now() - interval '7 days') AS new_users_week,
  jsonb_build_object('top_users', ({TOP})) AS stats
FROM users
"""

STATS = f"""
SELECT (SELECT count(*) FROM users) AS total_users,
  (SELECT count(*) FROM posts) AS total_posts,
  (SELECT avg(length(content)) FROM posts) AS avg_post_length,
  ({TOP}) AS top_users
"""


@fraiseql.type(
    sql_source="mv_dashboard", stored=fraiseql.MaterializedView(sql=DASHBOARD, refresh="5m")
)
class Dashboard:
    total_users: int
    new_users_week: int
    stats: Any


@fraiseql.type(
    sql_source="mv_dashboard_stats", stored=fraiseql.MaterializedView(sql=STATS, on_write=True)
)
class DashboardStats:
    total_users: int
    total_posts: int
    avg_post_length: Decimal | None
    top_users: Any


app = fraiseql.create_app(
    queries=[
        fraiseql.find_one("dashboard", Dashboard, by=None),
        fraiseql.find_one("stats", DashboardStats, by=None),
    ]
)
'''


@pytest.fixture
async def target(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    await sql(url, SETUP)
    monkeypatch.setenv("FRAISEQL_DATABASE_URL", url)
    name = f"dashboard_{tmp_path.name}_app"
    (tmp_path / f"{name}.py").write_text(APP)
    return f"{tmp_path / name}.py:app"


def test_the_dashboards_of_the_description(
    target: str, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    def run(*words: str) -> tuple[int, str]:
        code = main([*words])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert run("db", "apply", target)[0] == 0
    assert run("db", "plan", target)[0] == 0
    code, said = run("db", "status", target)
    assert code == 0
    assert "Dashboard: " in said
    assert "DashboardStats: " in said
    assert "up to date" in said
    assert run("db", "verify", target)[0] == 0
    done = json.loads(run("refresh", target, "--json")[1])
    assert [refresh["type"] for refresh in done] == ["Dashboard", "DashboardStats"]
    assert all(item["concurrently"] for item in done)
    code, said = run("refresh", target, "mv_dashboard")
    assert code == 0
    assert said.startswith("Dashboard: refreshed in ")
    code, said = run("refresh", target, "Dashbord")
    assert code == 2
    assert "'Dashboard'" in said
    status = json.loads(run("db", "status", target, "--json")[1])
    ages = {view["name"]: view["age"] for view in status if "age" in view}
    assert sorted(age == 0 for age in ages.values()) == [False, True]
    code, said = run("db", "verify", target)
    assert "stale for" in said
    assert "DashboardStats: 1 compared, 0 differ" in said
