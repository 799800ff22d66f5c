"""A user's project: a table, a module and ports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fraiseql.cli.listen import bind_near, port_of
from tests.integration.cli.program import HOST
from tests.integration.flights import at_once, run_sql
from tests.ports import FIRST_PORT

API = """
import fraiseql

@fraiseql.type(sql_source="tb_user")
class User:
    id: int
    first_name: str

@fraiseql.query
def greeting() -> str:
    return "hello"

app = fraiseql.create_app(
    queries=[greeting, fraiseql.find_one("user", User, by="id"), fraiseql.find("users", User)]
)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory that holds ``api.py``."""
    (tmp_path / "api.py").write_text(API)
    return tmp_path


@pytest.fixture(scope="module")
def users(database: str) -> str:
    """Address of a database with the table that ``api.py`` reads."""
    at_once(
        run_sql(
            database,
            "CREATE TABLE tb_user (id int PRIMARY KEY, first_name text NOT NULL)",
            "INSERT INTO tb_user VALUES (1, 'Ada'), (2, 'Alan')",
        )
    )
    return database


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Yields a free port below those for outgoing connections."""
    last = [FIRST_PORT]

    def find() -> int:
        with bind_near(HOST, last[-1] + 1) as bound:
            last.append(port_of(bound))
        return last[-1]

    return find
