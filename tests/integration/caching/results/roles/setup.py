"""Setup: the two roles and an application of each, and commands that are run with those."""

import asyncio
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg

from fraiseql.cli.main import main
from fraiseql.cli.target import find_target

OWNER = "fql_schema_owner"
ROLE = 'fql "serving" Röle'
SQL_ROLE = '"fql ""serving"" Röle"'
API = """
import fraiseql

@fraiseql.type(sql_source="v_note")
class Note:
    id: int
    text: str

app = fraiseql.create_app(
    queries=[
        fraiseql.find("unlogged", Note, cache=fraiseql.Cache()),
        fraiseql.find("logged", Note, cache=fraiseql.Cache(store="logged")),
        fraiseql.find("redis", Note, cache=fraiseql.Cache(store="redis")),
    ],
    database_url=DATABASE,
    redis_url=REDIS,
    worker=False,
)
"""


@dataclass
class Setup:
    """The two roles, with an application of each.

    Attributes:
        owner: Address as the role that applies.
        serving: Address as the role that serves.
        folder: Where the modules of the applications are.
    """

    owner: str
    serving: str
    folder: Path

    def module(self, who: str) -> str:
        """Return ``APP`` as a role is to run it: ``owner`` or ``serving``."""
        return f"{self.folder / f'{who}_{self.folder.name}.py'}:app"

    def app(self) -> Any:
        """Return the application of the role that serves."""
        return find_target(self.module("serving")).app

    async def command(self, *words: str, who: str = "owner") -> tuple[int, str, str]:
        """Run a command with its application; return exit code, output and complaints."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            messages = [*words[:2], self.module(who), *words[2:]]
            code = await asyncio.to_thread(main, messages)
        return code, out.getvalue(), err.getvalue()

    async def run(self, *words: str, who: str = "owner") -> str:
        """Run a command that succeeds, and return what it prints."""
        code, out, err = await self.command(*words, who=who)
        assert code == 0, err
        return out

    async def facts(self, *words: str, who: str = "owner") -> Any:
        """Return what a command prints as JSON."""
        return json.loads(await self.run(*words, "--json", who=who))

    async def rows(self, sql: str, *, who: str = "owner") -> list[asyncpg.Record]:
        """Run one statement as one of the roles."""
        connection = await asyncpg.connect(self.owner if who == "owner" else self.serving)
        try:
            return await connection.fetch(sql)
        finally:
            await connection.close()
